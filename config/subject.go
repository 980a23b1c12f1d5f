package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/template"
	"text/template/parse"
)

// A Subject makes the username that the API server authenticates from the attributes of an account.
type Subject struct {
	template *template.Template
	// Attributes are the attributes that it needs, in lower case.
	Attributes []string
}

var errSubject = errors.New("must be a template of text and attributes, for example saml:{{.uid}} or {{lower .userPrincipalName}}")

// ParseSubject reads a template. It accepts only text and attributes, each alone or after lower, so that every
// attribute that a subject depends on is known.
func ParseSubject(text string) (*Subject, error) {
	parsed, err := template.New("subject").Option("missingkey=error").Funcs(template.FuncMap{"lower": strings.ToLower}).Parse(text)
	if err != nil || parsed.Tree == nil || len(parsed.Templates()) > 1 {
		return nil, errSubject
	}
	subject := &Subject{template: parsed}
	for _, node := range parsed.Root.Nodes {
		if _, isText := node.(*parse.TextNode); isText {
			continue
		}
		field := fieldOf(node)
		if field == nil {
			return nil, errSubject
		}
		field.Ident[0] = strings.ToLower(field.Ident[0]) // LDAP does not distinguish the case of attributes
		subject.Attributes = append(subject.Attributes, field.Ident[0])
	}
	slices.Sort(subject.Attributes)
	subject.Attributes = slices.Compact(subject.Attributes)
	if len(subject.Attributes) == 0 {
		return nil, errSubject
	}
	return subject, nil
}

// fieldOf returns the field of {{.field}} or {{lower .field}}, or nil for any other node.
func fieldOf(node parse.Node) *parse.FieldNode {
	action, isAction := node.(*parse.ActionNode)
	if !isAction || len(action.Pipe.Decl) > 0 || len(action.Pipe.Cmds) != 1 {
		return nil
	}
	args := action.Pipe.Cmds[0].Args
	if name, isName := args[0].(*parse.IdentifierNode); isName && name.Ident == "lower" {
		args = args[1:]
	}
	if len(args) != 1 {
		return nil
	}
	field, isField := args[0].(*parse.FieldNode)
	if !isField || len(field.Ident) != 1 {
		return nil
	}
	return field
}

// Of returns the subject of an account, whose attributes have names in lower case. An attribute without exactly one
// value, or with an empty one, is an error.
func (s *Subject) Of(attributes map[string][]string) (string, error) {
	values := map[string]string{}
	for _, name := range s.Attributes {
		if found := len(attributes[name]); found != 1 {
			return "", fmt.Errorf("attribute %s has %d values: accounts.subject needs exactly one", name, found)
		}
		if values[name] = attributes[name][0]; values[name] == "" {
			return "", fmt.Errorf("attribute %s is empty: accounts.subject needs a value", name)
		}
	}
	var text strings.Builder
	err := s.template.Execute(&text, values)
	return text.String(), err
}
