package plugin

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/cli-runtime/pkg/genericclioptions"
	"k8s.io/cli-runtime/pkg/printers"
)

// Formats that are made here; the others are cli-runtime's.
const (
	formatText = ""
	formatWide = "wide"
	formatName = "name"
)

// output is how a command prints what it has found.
type output struct {
	format   string
	own      []string // of the formats that are made here
	encoding *genericclioptions.JSONYamlPrintFlags
	template *genericclioptions.KubeTemplatePrintFlags
}

// newOutput adds the flag -o with these formats and those of cli-runtime.
func newOutput(command *cobra.Command, own ...string) *output {
	o := &output{
		own: own, encoding: genericclioptions.NewJSONYamlPrintFlags(), template: genericclioptions.NewKubeTemplatePrintFlags(),
	}
	o.template.AddFlags(command)
	command.Flags().StringVarP(&o.format, "output", "o", "", "Output format: "+strings.Join(o.formats(), ", ")+".")
	if err := command.RegisterFlagCompletionFunc("output", cobra.FixedCompletions(o.formats(), cobra.ShellCompDirectiveNoFileComp)); err != nil {
		panic(err) // a flag that was added twice
	}
	return o
}

// formats are all that can be asked for.
func (o *output) formats() []string {
	return slices.Concat([]string{"json", "yaml"}, o.own, []string{"jsonpath=...", "go-template=..."})
}

// check refuses a format that there is not.
func (o *output) check() error {
	if o.isOwn() {
		return nil
	}
	if _, err := o.printer(); err != nil {
		return usageError(fmt.Errorf("-o %s: %w", o.format, err))
	}
	return nil
}

// isOwn is whether the format is made here.
func (o *output) isOwn() bool { return o.format == formatText || slices.Contains(o.own, o.format) }

// printer is cli-runtime's for the format.
func (o *output) printer() (printers.ResourcePrinter, error) {
	if printer, err := o.encoding.ToPrinter(o.format); !genericclioptions.IsNoCompatiblePrinterError(err) {
		return printer, err
	}
	printer, err := o.template.ToPrinter(o.format)
	if genericclioptions.IsNoCompatiblePrinterError(err) {
		return nil, fmt.Errorf("the formats are %s", strings.Join(o.formats(), ", "))
	}
	return printer, err
}

// print prints an object of ours as JSON, as YAML or by a template.
func (o *output) print(to io.Writer, kind string, content any) error {
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(content)
	if err != nil {
		return err
	}
	object := &unstructured.Unstructured{Object: fields}
	object.SetAPIVersion(apiVersion)
	object.SetKind(kind)
	printer, err := o.printer()
	if err != nil {
		return err
	}
	return printer.PrintObj(object, to)
}
