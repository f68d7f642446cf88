# The front door. `make` alone lists what there is.
SHELL := /bin/bash
MAKEFLAGS += --no-print-directory
.DEFAULT_GOAL := help
.PHONY: help setup setup-test build image demo demo-down test test-long fuzz mutants bench check format clean

help:
	@echo 'make demo        install, build, start a datacenter here, run an application on it, ask it'
	@echo 'make demo-down   stop all of that and leave nothing behind'
	@echo 'make build       the program: build/release/vdc'
	@echo 'make image       the tiny guest: build/tiny/tiny.qcow2'
	@echo 'make test        all tests, real guests among them (needs root; at most 25 minutes)'
	@echo 'make test-long   what takes longer, some two hours: a cloud image, KVM, 100 kills, fuzzing, a bare machine'
	@echo 'make fuzz        random input for every parser, 10 minutes each'
	@echo 'make mutants     builds in one defect at a time; the simulator must catch each (20 minutes or more)'
	@echo 'make bench       measures, each against its floor, also as build/bench.json'
	@echo 'make check       format, layers, words, headers'
	@echo 'make format      writes every C++ file as clang-format does'

setup:
	@tools/setup

setup-test:
	@tools/setup --test

build: setup
	@tools/build

image: setup
	@images/tiny/build build/tiny

demo: build image
	@tools/demo up

demo-down:
	@tools/demo down

test: setup-test
	@tools/run_tests

test-long: setup-test
	@tools/run_tests --long

fuzz: setup-test
	@tools/fuzz

mutants: setup-test
	@tools/mutants

bench: setup-test image
	@tools/build --bench
	@tools/bench

check: setup-test
	@tools/check

format: setup-test
	@tools/check_format --fix

clean:
	rm -rf build
