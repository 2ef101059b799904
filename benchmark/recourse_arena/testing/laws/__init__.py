"""The laws that plugins keep, by kind."""
