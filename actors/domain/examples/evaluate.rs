//! Development tool for the embedded answerer.
//!
//! ```text
//! evaluate KB.json QUESTIONS.jsonl        predictions, one JSON object a line
//! evaluate train KB.json QUESTIONS.jsonl [KB.json QUESTIONS.jsonl]...
//!                                         weights for the gate, and cross-validated figures
//! evaluate why TEXT                       where a message is routed, and by which cues
//! evaluate time                           query and rebuild times on 2,000 entries
//! ```
#![allow(clippy::print_stdout, clippy::print_stderr, clippy::cast_precision_loss)]

use std::process::ExitCode;
use std::time::Instant;

use frontdesk_domain::answerer::{
    Answerer, Entry, FEATURES, NAMES, Question, Route, evaluate, explain, find_hotel, plain, read_knowledge,
    read_questions, route,
};

type Fault = Box<dyn std::error::Error>;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let done = match words.as_slice() {
        ["time"] => measure(),
        ["why", text] => {
            println!("{:?}", route(text));
            for (list, words) in explain(text) {
                println!("{list:18} {words}");
            }
            Ok(())
        }
        ["train", files @ ..] if !files.is_empty() => train(files),
        [kb, questions] => predict(kb, questions),
        _ => Err("usage: evaluate [train] KB.json QUESTIONS.jsonl, or evaluate time".into()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            eprintln!("{fault}");
            ExitCode::FAILURE
        }
    }
}

fn predict(kb: &str, questions: &str) -> Result<(), Fault> {
    let out = evaluate(&std::fs::read_to_string(kb)?, &std::fs::read_to_string(questions)?)?;
    print!("{out}");
    Ok(())
}

/// One judged question: who asked, what the gate saw, whether the best entry was right.
struct Example {
    fold: usize,
    x: [f32; FEATURES],
    right: bool,
    /// Share in the loss: made-up questions count less than real ones.
    weight: f32,
}

const FOLDS: usize = 10;

fn train(files: &[&str]) -> Result<(), Fault> {
    let mut examples = Vec::new();
    for pair in files.chunks(2) {
        let [kb, questions] = pair else { return Err("files come in pairs".into()) };
        collect(kb, questions, &mut examples)?;
    }
    for threshold in [0.5, 0.6, 0.65, 0.7, 0.75, 0.8] {
        let mut tally = [0usize; 3];
        for fold in 0..FOLDS {
            let weights = fit(examples.iter().filter(|e| e.fold != fold));
            for e in examples.iter().filter(|e| e.fold == fold && e.weight == 1.0) {
                let answered = sigmoid(&e.x, &weights) >= threshold;
                tally[0] += usize::from(answered);
                tally[1] += usize::from(answered && e.right);
                tally[2] += usize::from(e.right);
            }
        }
        println!(
            "cross-validated, threshold {threshold}: precision {:.3}, of the right ones answered {:.3}",
            tally[1] as f32 / tally[0].max(1) as f32,
            tally[1] as f32 / tally[2].max(1) as f32,
        );
    }
    let weights = fit(examples.iter());
    for (name, weight) in NAMES.iter().zip(weights) {
        println!("{name:18} {weight:.3}");
    }
    let listed: Vec<String> = weights.iter().map(|w| format!("{w:.2}")).collect();
    println!("[{}]", listed.join(", "));
    Ok(())
}

fn collect(kb: &str, questions: &str, examples: &mut Vec<Example>) -> Result<(), Fault> {
    let hotels = read_knowledge(&std::fs::read_to_string(kb)?)?;
    for (line, question) in read_questions(&std::fs::read_to_string(questions)?)? {
        let Some(hotel) = find_hotel(&hotels, line, &question)? else { continue };
        if route(&question.text) != Route::Question {
            continue;
        }
        let (context, hide) = (question.guest_turns(), question.hidden());
        let gold: Vec<String> = question.gold.iter().map(plain).collect();
        let name = question.kb.as_ref().map(plain).unwrap_or_default();
        // One hotel is one fold; the questions of a single hotel are dealt out.
        let key = if name.is_empty() { format!("{}{}", plain(&question.id), line) } else { name };
        let fold = key.bytes().fold(7usize, |sum, b| sum.wrapping_mul(31) + usize::from(b)) % FOLDS;
        let answerable = question.kind.as_deref() == Some("answerable");
        let mut ask = |hidden: &[String], weight: f32| {
            let asked = Question { text: &question.text, context: &context, hidden, locale: None };
            let best = hotel.answerer.retrieve(&asked, 1);
            let right = best.first().is_some_and(|hit| gold.contains(&hit.id));
            if !best.is_empty() {
                let x = hotel.answerer.features(&asked);
                examples.push(Example { fold, x, right, weight });
            }
        };
        ask(&hide, 1.0);
        if answerable {
            ask(&[hide.clone(), gold.clone()].concat(), 0.5);
        }
    }
    Ok(())
}

fn sigmoid(x: &[f32; FEATURES], weights: &[f32; FEATURES]) -> f32 {
    let z: f32 = x.iter().zip(weights).map(|(x, w)| x * w).sum();
    1.0 / (1.0 + (-z).exp())
}

/// Plain gradient descent on the logistic loss with a little L2.
fn fit<'a>(examples: impl Iterator<Item = &'a Example>) -> [f32; FEATURES] {
    let examples: Vec<&Example> = examples.collect();
    let mut weights = [0.0f32; FEATURES];
    let total: f32 = examples.iter().map(|e| e.weight).sum();
    for _ in 0..4_000 {
        let mut slope = [0.0f32; FEATURES];
        for e in &examples {
            let error = (sigmoid(&e.x, &weights) - f32::from(u8::from(e.right))) * e.weight;
            for (slope, x) in slope.iter_mut().zip(&e.x) {
                *slope += error * x;
            }
        }
        for (weight, slope) in weights.iter_mut().zip(&slope) {
            *weight -= 1.0 * (slope / total + 0.0005 * *weight);
        }
    }
    weights
}

fn measure() -> Result<(), Fault> {
    let demo = include_str!("../data/questions.txt");
    let questions: Vec<&str> = demo
        .lines()
        .filter(|line| !line.starts_with('#') && !line.trim().is_empty())
        .filter_map(|line| line.rsplit('|').next())
        .map(str::trim)
        .collect();
    let subjects = ["pool", "sauna", "breakfast", "parking", "Wi-Fi", "gym", "bar", "laundry", "taxi", "cot"];
    let asks = ["When is the", "How much is the", "Where is the", "Can I book the", "Who looks after the"];
    let entries: Vec<Entry> = (0..2_000)
        .map(|n| Entry {
            id: n.to_string(),
            title: format!("{} {} of wing {}?", asks[n % 5], subjects[n % 10], n / 10),
            body: format!(
                "The {} of wing {} is open from 7:00 to 22:00 and costs {n} EUR. Please ask at \
                the reception for details, towels and keys; the team is glad to help at any hour.",
                subjects[n % 10],
                n / 10
            ),
            aliases: vec![format!("{} {}", subjects[n % 10], n)],
            tags: vec![subjects[n % 10].to_owned()],
            locale: Some("en".to_owned()),
        })
        .collect();
    let mut rebuilds: Vec<u128> = Vec::new();
    let mut answerer = Answerer::new(Vec::new());
    for _ in 0..5 {
        let copy = entries.clone();
        let start = Instant::now();
        answerer = Answerer::new(copy);
        rebuilds.push(start.elapsed().as_micros());
    }
    let mut times: Vec<u128> = Vec::new();
    for round in 0..20 {
        for text in &questions {
            let start = Instant::now();
            let reply = answerer.reply(&Question { text, ..Question::default() });
            let took = start.elapsed().as_micros();
            if round > 0 && !reply.text.is_empty() {
                times.push(took);
            }
        }
    }
    rebuilds.sort_unstable();
    times.sort_unstable();
    let at = |percent: usize| times.get(times.len() * percent / 100).copied().unwrap_or(0);
    println!("rebuild, 2,000 entries: median {} ms, first {} ms", rebuilds[2] / 1000, rebuilds[4] / 1000);
    println!("query: median {} us, p99 {} us, n = {}", at(50), at(99), times.len());
    Ok(())
}
