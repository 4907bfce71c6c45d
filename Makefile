# Every target works on a fresh clone: tools/run installs what the target needs, then does it.
# Variables: STACK=local  ROLE=, DB= (psql)  ARGS= (anything else for the driver, e.g. ARGS=--json)
STACK ?= local
ROLE ?=
DB ?=
ARGS ?=
RUN := @./tools/run
export STACK

.DEFAULT_GOAL := help
.PHONY: help up preview refresh status urls outputs psql backup backups env down reset doctor check test test-kubernetes matrix exactness trixie format schema chaos-quick lab-up lab-down chaos-kubernetes bench-up bench-access bench-preview-kubernetes bench-preview-rds judges

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: ## Bring the cluster up, with its databases and access rules; installs what is missing
	$(RUN) up $(ARGS)
preview: ## Show what `make up` would do: resources, and the SQL of the access layer
	$(RUN) preview $(ARGS)
refresh: ## Look for drift: read the real state of everything (changes nothing on the servers)
	$(RUN) refresh $(ARGS)
status: ## Show members and all around them as they are now, on any platform (ARGS=--json)
	$(RUN) status $(ARGS)
urls: ## Print the connection URLs of each login role as JSON, passwords included
	$(RUN) urls $(ARGS)
outputs: ## Print the stack's outputs as JSON, secrets left out
	$(RUN) outputs $(ARGS)
psql: ## Open psql: the administrator, or ROLE=app_login DB=faevision
	$(RUN) psql --role "$(ROLE)" --database "$(DB)" $(ARGS)
backup: ## Take a backup now (ARGS="--type full|diff|incr", ARGS=--json)
	$(RUN) backup $(ARGS)
backups: ## List the backups: label, type, sizes, times, WAL (ARGS=--json)
	$(RUN) backups $(ARGS)
env: ## Print what an installed Pulumi CLI needs: eval "$$(make -s env)"; pulumi up -s local
	$(RUN) env $(ARGS)
down: ## Stop and remove the cluster with all its data
	$(RUN) down $(ARGS)
reset: ## `make down`, then forget Pulumi's state and its passphrase too
	$(RUN) reset $(ARGS)
doctor: ## Say what this machine has and what is missing
	$(RUN) doctor $(ARGS)

check: ## Format, lint, types, generated files, unit tests: what CI runs first
	$(RUN) check
test: ## `make check`, then the tests on real servers
	$(RUN) test
test-kubernetes: ## The tests on Kubernetes, the long ones too: KUBECONFIG's cluster, else a lab of this machine
	$(RUN) test-kubernetes $(ARGS)
matrix: ## The access layer's tests on every PostgreSQL major that can be had (ARGS="-k drift")
	$(RUN) matrix $(ARGS)
exactness: ## Random specs on random servers, ended after every statement, on every major (ARGS="--examples 300 --seed 7 --majors 14")
	$(RUN) exactness $(ARGS)
trixie: ## PostgreSQL 17 with TimescaleDB and pgvector, unpacked (ARGS=--renew for security updates)
	$(RUN) trixie $(ARGS)
format: ## Write the code's format
	$(RUN) format
schema: ## Write what is generated: JSON schemas for editors, reference pages
	$(RUN) schema
chaos-quick: ## Kill parts of the running cluster under a writer, 10 times each, and measure
	$(RUN) chaos-quick $(ARGS)
judges: ## What other people's judges say of k8s/ that k8s/exceptions.yaml does not list (schemas, Pod Security, checkov, kube-score)
	$(RUN) judges
lab-up: ## Start a real Kubernetes of three nodes on this machine, with the platform's image (root)
	$(RUN) lab-up
lab-down: ## Stop it, with all that runs in it
	$(RUN) lab-down
chaos-kubernetes: ## Break the platform on Kubernetes under a writer, 10 times each way, and measure (ARGS="--count 1")
	$(RUN) chaos-kubernetes $(ARGS)
bench-up: ## Time a ready cluster against its bare parts
	$(RUN) bench-up $(ARGS)
bench-preview-rds: ## Time the preview of an unchanged RDS stack against a program that decides nothing
	$(RUN) bench-preview-rds $(ARGS)
bench-access: ## Time the access layer against its floor and its peers (ARGS=--short, ARGS=--peers)
	$(RUN) bench-access $(ARGS)
bench-preview-kubernetes: ## Time the preview of an unchanged Kubernetes stack against an empty one of its size
	$(RUN) bench-preview-kubernetes $(ARGS)
