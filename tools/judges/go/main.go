// Command podsecurity evaluates the pods of a file of manifests by Kubernetes' own Pod Security Standards.
//
//	podsecurity LEVEL VERSION FILE     LEVEL is restricted, baseline or privileged; VERSION is latest or v1.34
//
// It prints a JSON array of what the API server would refuse: {"rule", "object", "text"}. What has no pods is passed over;
// a kind with pods that is not known here is an error, since it would else go unjudged.
package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
	"sigs.k8s.io/yaml"
)

type finding struct {
	Rule   string `json:"rule"`
	Object string `json:"object"`
	Text   string `json:"text"`
}

type pods struct {
	metadata *metav1.ObjectMeta
	spec     *corev1.PodSpec
}

func of(template *corev1.PodTemplateSpec) *pods {
	return &pods{&template.ObjectMeta, &template.Spec}
}

// podsOf gives the pods that an object makes; nil for an object that makes none.
func podsOf(kind string, text []byte) (*pods, error) {
	switch kind {
	case "Pod":
		found := &corev1.Pod{}
		return &pods{&found.ObjectMeta, &found.Spec}, yaml.UnmarshalStrict(text, found)
	case "PodTemplate":
		found := &corev1.PodTemplate{}
		return of(&found.Template), yaml.UnmarshalStrict(text, found)
	case "Deployment":
		found := &appsv1.Deployment{}
		return of(&found.Spec.Template), yaml.UnmarshalStrict(text, found)
	case "StatefulSet":
		found := &appsv1.StatefulSet{}
		return of(&found.Spec.Template), yaml.UnmarshalStrict(text, found)
	case "DaemonSet":
		found := &appsv1.DaemonSet{}
		return of(&found.Spec.Template), yaml.UnmarshalStrict(text, found)
	case "ReplicaSet":
		found := &appsv1.ReplicaSet{}
		return of(&found.Spec.Template), yaml.UnmarshalStrict(text, found)
	case "Job":
		found := &batchv1.Job{}
		return of(&found.Spec.Template), yaml.UnmarshalStrict(text, found)
	case "CronJob":
		found := &batchv1.CronJob{}
		return of(&found.Spec.JobTemplate.Spec.Template), yaml.UnmarshalStrict(text, found)
	}
	if bytes.Contains(text, []byte("containers:")) {
		return nil, fmt.Errorf("a %s with containers is not known here", kind)
	}
	return nil, nil
}

func judge(evaluator policy.Evaluator, level api.LevelVersion, text []byte) ([]finding, error) {
	var object metav1.PartialObjectMetadata
	if err := yaml.Unmarshal(text, &object); err != nil {
		return nil, err
	}
	name := object.Kind + "/" + object.Name
	made, err := podsOf(object.Kind, text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	found := []finding{}
	if made == nil {
		return found, nil
	}
	for _, result := range evaluator.EvaluatePod(level, made.metadata, made.spec) {
		if !result.Allowed {
			found = append(found, finding{result.ForbiddenReason, name, result.ForbiddenDetail})
		}
	}
	return found, nil
}

func run(level, version, file string) ([]finding, error) {
	parsed, err := api.ParseLevel(level)
	if err != nil {
		return nil, err
	}
	at, err := api.ParseVersion(version)
	if err != nil {
		return nil, err
	}
	evaluator, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		return nil, err
	}
	source, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer source.Close()
	all := []finding{}
	for documents := utilyaml.NewYAMLReader(bufio.NewReader(source)); ; {
		text, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		found, err := judge(evaluator, api.LevelVersion{Level: parsed, Version: at}, text)
		if err != nil {
			return nil, err
		}
		all = append(all, found...)
	}
}

func main() {
	if len(os.Args) != 4 {
		fmt.Fprintln(os.Stderr, "usage: podsecurity LEVEL VERSION FILE")
		os.Exit(2)
	}
	found, err := run(os.Args[1], os.Args[2], os.Args[3])
	if err == nil {
		err = json.NewEncoder(os.Stdout).Encode(found)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
