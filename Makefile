# Everything a newcomer needs: `make run` and `make test` set up what they need and say what is missing.

PAGES := $(shell find web -type f -not -path '*/node_modules/*' -not -path '*/dist/*' -not -path '*/test-results/*')
export PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD = 1

# The same packages, features and targets for lint, tests and browser tests, so that dependencies are built once.
ALL := --workspace --features frontdesk-domain/typescript

.PHONY: run test test-rust test-web test-browser bench pages types fmt lint clean

## run: build the pages and the server, start it on SQLite in ./data
run: pages
	cargo build --release --bin frontdesk
	./target/release/frontdesk serve

## test: everything; each part can be run alone
test: needs lint
	# The fuzzer computes while the others mostly wait.
	.ci/beside '$(MAKE) test-fuzz' '$(MAKE) test-rust test-postgres'
	$(MAKE) test-web test-browser

.PHONY: needs
needs:
	.ci/needs

## lint: format and clippy, warnings are errors
lint: pages
	cargo fmt --all -- --check
	cargo clippy $(ALL) --all-targets -- -D warnings

# Most tests wait more than they compute: three at once keep two cores busy.
THREADS ?= 3

## test-rust: the rules, the actors, the server over real sockets, the harness, each with its own lines
test-rust: pages
	FRONTDESK_FUZZ_SECONDS=20 RUST_TEST_THREADS=$(THREADS) cargo test $(ALL)

## test-postgres: the store and the contract on PostgreSQL; and a server that is cut off, stopped and killed
ON_POSTGRES := chat:: repeats:: resume:: takeover:: inbox:: knowledge:: isolation:: matrix:: whatsapp_in:: whatsapp_names:: \
	whatsapp_passed:: privacy:: identity:: links:: reservations:: webhooks:: access::
.PHONY: test-postgres
test-postgres: needs pages
	RUST_TEST_THREADS=$(THREADS) .ci/postgres run cargo test $(ALL) --lib -- --ignored postgres
	RUST_TEST_THREADS=$(THREADS) .ci/postgres run cargo test $(ALL) --test contract -- $(ON_POSTGRES)
	cargo test $(ALL) --test contract -- --ignored postgres:: nodes::

## nodes: two nodes, the wire between them gone for a minute, and one asleep for half a minute, SLEEPS times (100: an hour)
SLEEPS ?= 100
.PHONY: nodes
nodes: needs pages
	FRONTDESK_WIRE_GONE=60 FRONTDESK_SLEEPS=$(SLEEPS) FRONTDESK_ASLEEP=30 \
		cargo test --release $(ALL) --test contract -- --ignored --nocapture nodes::

## postgres-cuts: commits that are cut off at PostgreSQL, five hundred of them
.PHONY: postgres-cuts
postgres-cuts: needs pages
	FRONTDESK_POSTGRES_CUTS=500 cargo test --release $(ALL) --test contract -- --ignored --nocapture is_cut_off

## test-fuzz: frames, webhooks, cursors and Markdown under libFuzzer, 60 s each, two at once
.PHONY: test-fuzz
# A clean build of the targets takes 140 s of one core, on two of them half of that.
test-fuzz: needs
	bench/fuzz/run 60

## takeovers: ten thousand at random moments of streaming answers, by a simulated clock and over real sockets
.PHONY: takeovers
takeovers: pages
	cargo test --release $(ALL) --test takeovers -- --ignored
	FRONTDESK_TAKEOVERS=10000 cargo test --release $(ALL) --test contract takeovers -- --nocapture

## failures: every failure of the stand-in for OpenAI, a hundred times each; and what a model that hangs does to others
.PHONY: failures
failures: pages
	FRONTDESK_FAILURES=100 cargo test --release $(ALL) --test contract -- failures a_model_that_hangs --nocapture

## turn-kills: two hundred kills of the server while the AI answers, each leaving everybody an owner
.PHONY: turn-kills
turn-kills: pages
	FRONTDESK_TURN_KILLS=200 cargo test --release $(ALL) --test contract each_kill_in_a_turn -- --nocapture

## canaries: a hundred thousand prompts, and no word in them that is none of the model's business
.PHONY: canaries
canaries: pages
	FRONTDESK_CANARIES=100000 cargo test --release $(ALL) --test contract canaries -- --nocapture

## aimock: the server with a stand-in for language models that is not ours
.PHONY: aimock
aimock: pages
	npm install --silent --no-audit --no-fund --prefix target/aimock @copilotkit/aimock@1.43.0
	node .ci/aimock.mjs target/aimock/node_modules cargo test $(ALL) --test contract another_stand_in -- --ignored

## pool-speed: what the pool adds to a first word, and what a decision costs, asserted for a release build
.PHONY: pool-speed
pool-speed:
	cargo test --release $(ALL) --test pool_speed -- --nocapture --test-threads 1

## fuzz: webhook bodies changed at random, each 10,000 times; then libFuzzer on each target, FUZZ_SECONDS long, two at once
FUZZ_SECONDS ?= 3600
.PHONY: fuzz
fuzz: needs
	FRONTDESK_FUZZ_SECONDS=all cargo test $(ALL) --lib whatever_comes -- --nocapture
	bench/fuzz/run $(FUZZ_SECONDS)

## flood: 5,000 webhooks out of order, several times at once, with the server killed between; their times are asserted
.PHONY: flood
flood: pages
	cargo build --release --bin frontdesk
	FRONTDESK_BIN=$(CURDIR)/target/release/frontdesk FRONTDESK_FLOOD=5000 cargo test $(ALL) --test contract a_bad_day -- --nocapture

## promtool: the alert rules, and what a running server says of itself at /metrics
.PHONY: promtool
promtool:
	promtool check rules src/deploy/alerts.yml
	curl -fsS http://127.0.0.1:8080/metrics | promtool check metrics

## test-web: types, format and unit tests of the pages
test-web: web/node_modules/.package-lock.json
	cd web && npm run check
	cd web && npx prettier --check .
	cd web && npx vitest run

## test-browser: both pages in Chromium against the server
# What the other tests have built, and no benches.
test-browser: pages
	cargo test $(ALL) --no-run
	cd web && npx playwright test

## hostile: five hundred payloads also where `make test` puts one in five
.PHONY: hostile
hostile: pages
	cargo build $(ALL) --all-targets
	cd web && E2E_ALL=1 npx playwright test markup

## torture: kill the server KILLS times under load and judge every promise; see bench/TORTURE.md
KILLS ?= 100
.PHONY: torture
torture: pages
	cargo build --release --bin frontdesk
	cargo build --release -p frontdesk-bench
	./target/release/frontdesk-bench torture --kills $(KILLS)

## fsync-order: everything is synced before anybody is told, by the order of system calls and by power cuts; needs strace
.PHONY: fsync-order
fsync-order: pages
	cargo build --release --bin frontdesk
	cargo build --release -p frontdesk-bench
	./target/release/frontdesk-bench fsync-order --sends 1000 --cases order,delay,failing,full,slow,power

## resilience: slow readers, floods, restarts, panics, a held lock, a clock that jumps; needs libfaketime; see bench/RESILIENCE.md
.PHONY: resilience
resilience: pages
	cargo build --release --bin frontdesk
	cargo build --release -p frontdesk-bench
	cargo build $(ALL),frontdesk/panics --bin frontdesk
	mkdir -p target/resilience && cp target/debug/frontdesk target/resilience/frontdesk
	./target/release/frontdesk-bench resilience

## bench: measures everything three times, and writes the tables anew (needs a quiet machine; 10 minutes)
bench: pages
	cargo build --release --bin frontdesk
	cargo build --release -p frontdesk-bench
	./target/release/frontdesk-bench all --runs 3 --out target/bench --command 'make bench' \
		$$(grep -l 'figures:begin' bench/FIGURES.md README.md | sed 's/^/--figures /')

## bench-peers: ours beside the stacks one would pick instead; installs them, names what cannot be had (20 minutes)
.PHONY: bench-peers
bench-peers: pages
	bench/peers/setup
	cargo build --release --bin frontdesk
	cargo build --release -p frontdesk-bench
	./target/release/frontdesk-bench peers --runs 3 --out target/bench-peers --command 'make bench-peers' \
		--figures bench/PEERS.md

## microbench: times and allocations of the pure rules, and of a message through the actors
.PHONY: microbench
microbench:
	cargo bench -p frontdesk-domain --bench rules
	cargo bench -p frontdesk-actors --bench message

## instructions: counts them by callgrind and ends with 1 where something grew by more than 5 %; RECORD=--record records
.PHONY: instructions
instructions:
	.ci/valgrind
	cargo bench -p frontdesk-domain --bench instructions -- $(RECORD)

## conformance: the suite of RFC 6455 against our reader and writer
.PHONY: conformance
conformance: pages
	.ci/conformance

## audit: known faults, licences and sources of what is depended on; ADVISORY_DB names a folder of advisories
.PHONY: audit
audit:
	ADVISORY_DB=$(ADVISORY_DB) .ci/audit

## mistyped: bodies of the OpenAPI document with a value of the wrong type somewhere, a hundred thousand of them
.PHONY: mistyped
mistyped: pages
	FRONTDESK_MISTYPED=100000 cargo test --release $(ALL) --test contract mistyped -- --nocapture

## scan: schemathesis on the OpenAPI document and sqlmap on the lists' parameters, against a server of its own
.PHONY: scan
scan: pages
	cargo build $(ALL) --all-targets
	.ci/scan

## tls-scan: testssl.sh (from the system's packages) against a server that speaks TLS itself
.PHONY: tls-scan
tls-scan: pages
	cargo build $(ALL) --all-targets
	.ci/tls-scan

## pages: the web pages, compressed, as the server embeds them
pages: web/dist/index.html

web/dist/index.html: web/node_modules/.package-lock.json $(PAGES)
	cd web && npm run build

web/node_modules/.package-lock.json: web/package.json web/package-lock.json
	cd web && npm ci --no-audit --no-fund

## types: write the pages' types from the server's
types:
	FRONTDESK_WRITE_TYPES=1 cargo test $(ALL) --test typescript

## fmt: format everything
fmt:
	cargo fmt --all
	cd web && npx prettier --write .

clean:
	cargo clean
	rm -rf web/dist web/node_modules
