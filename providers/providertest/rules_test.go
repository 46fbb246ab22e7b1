package providertest

import (
	"go/ast"
	"go/doc/comment"
	"go/parser"
	"go/token"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// Each sentence of the contract has one case, and no case checks what the contract does not say. The sentences are
// those in the doc comments of Dial and of the methods of Session and Flight, and the rules in Session's list.
func TestEverySentenceHasACase(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "../session.go", nil, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	contract := sentencesOf(file)
	if len(contract) < 25 {
		t.Fatalf("only %d sentences found in ../session.go: %q", len(contract), contract)
	}
	owner := map[string]string{}
	for _, c := range cases() {
		for _, rule := range c.rules {
			if other, twice := owner[rule]; twice {
				t.Errorf("the cases %s and %s both check: %s", other, c.name, rule)
			}
			owner[rule] = c.name
			if !slices.Contains(contract, rule) {
				t.Errorf("the case %s checks what ../session.go does not say: %s", c.name, rule)
			}
		}
	}
	for _, sentence := range contract {
		if owner[sentence] == "" {
			t.Errorf("no case checks: %s", sentence)
		}
	}
}

// Names are those of subtests, each given once.
func TestCaseNames(t *testing.T) {
	seen := map[string]bool{}
	for _, c := range cases() {
		if !regexp.MustCompile(`^[a-z]+(-[a-z]+)*$`).MatchString(c.name) || seen[c.name] || len(c.rules) == 0 {
			t.Errorf("the case %q needs a name of its own in lower case, and a rule", c.name)
		}
		seen[c.name] = true
	}
}

// sentencesOf returns the sentences of the contract, each on one line.
func sentencesOf(file *ast.File) []string {
	var all []string
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		name := gen.Specs[0].(*ast.TypeSpec)
		methods, isInterface := name.Type.(*ast.InterfaceType)
		switch {
		case name.Name.Name == "Dial":
			all = append(all, split(gen.Doc.Text())...)
		case isInterface:
			all = append(all, items(gen.Doc.Text())...)
			for _, m := range methods.Methods.List {
				all = append(all, split(m.Doc.Text())...)
			}
		}
	}
	return all
}

// items returns the items of the lists in a doc comment.
func items(text string) []string {
	var all []string
	for _, block := range new(comment.Parser).Parse(text).Content {
		list, ok := block.(*comment.List)
		if !ok {
			continue
		}
		for _, item := range list.Items {
			var plain comment.Printer
			all = append(all, split(string(plain.Text(&comment.Doc{Content: item.Content})))...)
		}
	}
	return all
}

var sentenceEnd = regexp.MustCompile(`\.(\s+|$)`)

// split cuts a text into sentences.
func split(text string) []string {
	var all []string
	for _, s := range sentenceEnd.Split(strings.Join(strings.Fields(text), " "), -1) {
		if s != "" {
			all = append(all, s+".")
		}
	}
	return all
}
