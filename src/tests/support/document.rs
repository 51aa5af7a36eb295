//! What the OpenAPI document says of bodies: samples that fit, and whether something fits.

use serde_json::{Map, Value, json};

use super::Server;

/// An operation that takes JSON.
pub struct Taker {
    pub method: String,
    /// With ids in the place of its parameters.
    pub path: String,
    /// What its document says of the body.
    pub schema: Value,
}

pub struct Document(Value);

impl Document {
    pub async fn of(server: &Server) -> Self {
        Self(server.caller().get("/api/openapi.json").await.1)
    }

    /// Every operation that takes JSON; `id` answers what stands for the parameters of a path.
    pub fn takers(&self, id: impl Fn(&str) -> String) -> Vec<Taker> {
        let mut all = Vec::new();
        for (path, item) in self.0["paths"].as_object().unwrap() {
            for (method, operation) in item.as_object().unwrap() {
                let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
                if schema.is_object() {
                    let at = path.split('/').map(|part| {
                        if part.starts_with('{') {
                            if part == "{seq}" { "1".to_owned() } else { id(path) }
                        } else {
                            part.to_owned()
                        }
                    });
                    let path = at.collect::<Vec<_>>().join("/");
                    all.push(Taker { method: method.to_uppercase(), path, schema: schema.clone() });
                }
            }
        }
        assert!(all.len() >= 25, "{}", all.len());
        all
    }

    /// Every field of every type, each with a sample.
    pub fn fields(&self) -> Map<String, Value> {
        let mut all = Map::new();
        self.walk(&self.0["components"]["schemas"], &mut all);
        all
    }

    fn walk(&self, node: &Value, all: &mut Map<String, Value>) {
        for (name, of) in node["properties"].as_object().into_iter().flatten() {
            all.entry(name).or_insert_with(|| self.samples(of, name).remove(0));
        }
        match node {
            Value::Object(fields) => fields.values().for_each(|value| self.walk(value, all)),
            Value::Array(items) => items.iter().for_each(|value| self.walk(value, all)),
            _ => {}
        }
    }

    /// A body with no more than it needs.
    pub fn least(&self, schema: &Value, body: &Value) -> Value {
        let mut least = body.clone();
        for name in body.as_object().into_iter().flat_map(Map::keys) {
            let mut less = least.clone();
            less.as_object_mut().unwrap().remove(name);
            if self.fits(schema, &less) {
                least = less;
            }
        }
        least
    }

    fn resolved<'a>(&'a self, schema: &'a Value) -> &'a Value {
        match schema["$ref"].as_str() {
            Some(at) => self.resolved(self.0.pointer(at.trim_start_matches('#')).unwrap()),
            None => schema,
        }
    }

    /// Bodies that fit, one for each form, with every field; `name`: of the field that it is for.
    pub fn samples(&self, schema: &Value, name: &str) -> Vec<Value> {
        let schema = self.resolved(schema);
        if let Some(forms) = schema["oneOf"].as_array() {
            let forms = forms.iter().filter(|form| form["type"] != "null");
            return forms.flat_map(|form| self.samples(form, name)).collect();
        }
        if let Some(parts) = schema["allOf"].as_array() {
            let mut whole = vec![Map::new()];
            for part in parts {
                let more = self.samples(part, name);
                let merge = |one: &Map<String, Value>, two: &Value| {
                    one.clone().into_iter().chain(two.as_object().unwrap().clone()).collect()
                };
                whole = whole.iter().flat_map(|one| more.iter().map(move |two| merge(one, two))).collect();
            }
            return whole.into_iter().map(Value::Object).collect();
        }
        if let Some(all) = schema["enum"].as_array() {
            return vec![all[0].clone()];
        }
        let kinds = kinds(schema);
        vec![match kinds.first().copied().unwrap_or("object") {
            "object" => {
                let fields = schema["properties"].as_object().into_iter().flatten();
                let first = |(name, of): (&String, &Value)| (name.clone(), self.samples(of, name).remove(0));
                Value::Object(fields.map(first).collect())
            }
            "array" => Value::Array(self.samples(&schema["items"], name)),
            "integer" | "number" => json!(1),
            "boolean" => json!(true),
            _ => text(schema, name),
        }]
    }

    /// True if a value is what a schema says.
    pub fn fits(&self, schema: &Value, value: &Value) -> bool {
        self.looks_right(schema, value, true)
    }

    /// True if nothing in a value has another type than a schema says, whatever is missing.
    pub fn has_right_types(&self, schema: &Value, value: &Value) -> bool {
        self.looks_right(schema, value, false)
    }

    fn looks_right(&self, schema: &Value, value: &Value, whole: bool) -> bool {
        let schema = self.resolved(schema);
        if let Some(forms) = schema["oneOf"].as_array() {
            return forms.iter().any(|form| self.looks_right(form, value, whole));
        }
        if let Some(parts) = schema["allOf"].as_array() {
            return parts.iter().all(|part| self.looks_right(part, value, whole));
        }
        if let Some(all) = schema["enum"].as_array() {
            return all.contains(value);
        }
        let is = |kind: &&str| match *kind {
            "null" => value.is_null(),
            "object" => value.is_object(),
            "array" => value.is_array(),
            "integer" => value.as_i64().is_some_and(|n| schema["minimum"].is_null() || n >= 0),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            _ => value.is_string(),
        };
        let kinds = kinds(schema);
        if !kinds.is_empty() && !kinds.iter().any(is) {
            return false;
        }
        match value {
            Value::Array(items) => items.iter().all(|item| self.looks_right(&schema["items"], item, whole)),
            Value::Object(fields) => {
                let needed = schema["required"].as_array().into_iter().flatten();
                let there =
                    !whole || needed.into_iter().all(|name| fields.contains_key(name.as_str().unwrap()));
                there
                    && fields.iter().all(|(name, value)| {
                        let of = schema["properties"].get(name).or(schema.get("additionalProperties"));
                        of.is_none_or(|of| self.looks_right(of, value, whole))
                    })
            }
            _ => true,
        }
    }
}

/// The JSON types that a schema allows.
fn kinds(schema: &Value) -> Vec<&str> {
    match &schema["type"] {
        Value::String(one) => vec![one],
        Value::Array(all) => all.iter().filter_map(Value::as_str).collect(),
        _ => Vec::new(),
    }
}

/// A text that a field of this name takes.
fn text(schema: &Value, name: &str) -> Value {
    match (name, schema["format"].as_str()) {
        (_, Some("uuid")) => json!("018f0000-0000-7000-8000-000000000000"),
        ("email", _) => json!("sample@hotel.test"),
        ("password", _) => json!("a password for samples"),
        ("locale" | "to" | "language" | "reading_language", _) => json!("en"),
        ("scopes", _) => json!("metrics"),
        ("events", _) => json!("message"),
        ("url", _) => json!("https://hotel.example/hook"),
        ("until" | "at" | "arrival" | "departure", _) => json!("2031-01-01T00:00:00Z"),
        _ => json!("sample"),
    }
}
