package runner

import (
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/sharpbench/sharpbench/harness/pluginhost"
	"github.com/sharpbench/sharpbench/harness/report"
)

// Catalogue writes a page of Markdown about the plugins of one kind among infos, from what they say of themselves.
func Catalogue(w io.Writer, kind string, infos []pluginhost.Info) error {
	title, text := "Optimizers", `What each bundled optimizer does, costs and needs; `+"`bench plugin info NAME`"+` prints the same. A cost of 1 G is that of one
gradient on one nominal minibatch. Vectors are written as lower-case letters, `+"`w`"+` the parameters, `+"`g`"+` a gradient, `+"`|x|`"+` a
Euclidean norm. This page is written by `+"`bench plugin docs optimizer`"+`.`
	if kind == pluginhost.KindMetric {
		title, text = "Sharpness metrics", `What each bundled metric measures, and what it costs; `+"`bench plugin info NAME`"+` prints the same. Metrics see the
parameters that training ended with and a fixed set of training examples, in evaluation mode, without augmentation. A cost
of 1 G is that of one gradient on one nominal minibatch. This page is written by `+"`bench plugin docs metric`"+`.`
	}
	var methods []report.Method
	for _, i := range infos {
		if i.Kind == kind {
			methods = append(methods, method(i))
		}
	}
	return report.Catalogue(w, title, text, methods)
}

func method(i pluginhost.Info) report.Method {
	m := report.Method{
		Name: i.Name, Summary: i.Summary, Rule: i.Rule, Citation: i.Citation, Unverified: i.Unverified, Finding: i.Finding, Watch: i.Watch,
		Cost: i.Cost, CostNote: i.CostNote, Track: i.Track, Invariances: i.Invariances,
	}
	for _, p := range i.Params {
		m.Params = append(m.Params, report.MethodParam{
			Name: p.Name, Type: p.Type, Default: fmt.Sprint(p.Default), Range: p.Range(), Help: p.Help,
		})
	}
	for _, v := range i.Values {
		m.Values = append(m.Values, report.MethodValue{Name: v.Name, Unit: v.Unit, Better: v.Better, Help: v.Help})
	}
	for _, d := range i.Degenerate {
		var when []string
		for _, name := range slices.Sorted(maps.Keys(d.When)) {
			when = append(when, fmt.Sprintf("%s = %v", name, d.When[name]))
		}
		m.Equals = append(m.Equals, fmt.Sprintf("%s with %s", d.Equals, strings.Join(when, ", ")))
	}
	return m
}
