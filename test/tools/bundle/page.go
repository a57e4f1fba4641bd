package main

import (
	"bytes"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/operator-framework/api/pkg/manifests"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// page is what OperatorHub shows of a ClusterServiceVersion: head, description as Markdown with tables, and the column beside it.
var page = template.Must(template.New("page").Funcs(template.FuncMap{"join": strings.Join}).Parse(`<!doctype html>
<meta charset="utf-8"><title>{{.CSV.Spec.DisplayName}}</title>
<style>
body {font: 16px/1.5 sans-serif; color: #151515; margin: 0}
header {background: #f0f0f0; padding: 24px 48px; display: flex; gap: 24px; align-items: center}
header img {width: 80px; height: 80px} header h1 {margin: 0} header p {margin: 4px 0}
main {display: flex; gap: 48px; padding: 24px 48px; max-width: 1200px} article {flex: 3; min-width: 0} aside {flex: 1; font-size: 14px}
aside dt {font-weight: bold; margin-top: 16px} aside dd {margin: 0}
table {border-collapse: collapse} td, th {border: 1px solid #d2d2d2; padding: 4px 12px; text-align: left}
pre {background: #f5f5f5; padding: 12px; overflow-x: auto} code {background: #f5f5f5}
</style>
<header><img alt="" src="{{.Icon}}"><div><h1>{{.CSV.Spec.DisplayName}}</h1><p>{{index .CSV.Annotations "description"}}</p></div></header>
<main><article>{{.Description}}</article><aside><dl>
<dt>Channels</dt><dd>{{join .Channels ", "}}</dd>
<dt>Version</dt><dd>{{.CSV.Spec.Version}}</dd>
<dt>Capability level</dt><dd>{{index .CSV.Annotations "capabilities"}}</dd>
<dt>Maturity</dt><dd>{{.CSV.Spec.Maturity}}</dd>
<dt>Provider</dt><dd>{{.CSV.Spec.Provider.Name}}</dd>
<dt>Categories</dt><dd>{{index .CSV.Annotations "categories"}}</dd>
<dt>Repository</dt><dd>{{index .CSV.Annotations "repository"}}</dd>
<dt>Container image</dt><dd style="word-break: break-all">{{index .CSV.Annotations "containerImage"}}</dd>
<dt>Created at</dt><dd>{{index .CSV.Annotations "createdAt"}}</dd>
<dt>Links</dt>{{range .CSV.Spec.Links}}<dd><a href="{{.URL}}">{{.Name}}</a></dd>{{end}}
<dt>Maintainers</dt>{{range .CSV.Spec.Maintainers}}<dd>{{.Name}}, {{.Email}}</dd>{{end}}
<dt>Keywords</dt><dd>{{join .CSV.Spec.Keywords ", "}}</dd>
</dl></aside></main>
`))

// printPage prints the page of a bundle.
func printPage(out io.Writer, directory string) error {
	bundle, err := manifests.GetBundleFromDir(directory)
	if err != nil {
		return err
	}
	description := &bytes.Buffer{}
	if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(bundle.CSV.Spec.Description), description); err != nil {
		return err
	}
	icon := bundle.CSV.Spec.Icon[0]
	return page.Execute(out, map[string]any{
		"CSV": bundle.CSV, "Channels": bundle.Channels,
		"Description": template.HTML(description.String()),
		"Icon":        template.URL(fmt.Sprintf("data:%s;base64,%s", icon.MediaType, icon.Data)),
	})
}
