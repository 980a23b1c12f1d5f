package main

import (
	"context"
	"fmt"

	"github.com/runai-mpi/runai-mpi/shared/api/v1alpha1"
	"github.com/runai-mpi/runai-mpi/test/internal/install"
	"github.com/runai-mpi/runai-mpi/test/internal/lab"
	"github.com/runai-mpi/runai-mpi/test/internal/lab/images"
)

// project is what users submit to in a lab that has the product.
const project = "team-a"

// upInstalled is up with the product and a project, for users.
func upInstalled(ctx context.Context) error {
	if err := up(ctx, "serve-installed"); err != nil {
		return err
	}
	fmt.Printf("It has runai-mpi and project %s. In the shell, for example:\n\n"+
		"  runai submit-mpi hello -p %s --image-pull-policy Never -i %s --processes 2 -- mpirun hostname\n\n",
		project, project, images.OpenMPI5)
	return nil
}

// serveInstalled is serve with the product, installed as users do, and a project.
func serveInstalled(ctx context.Context) error {
	return serve(ctx, func(l *lab.Lab) error {
		programs, err := install.Build(ctx, l.Dir)
		if err != nil {
			return err
		}
		release, err := install.ByHelm(ctx, l, programs, nil)
		if err != nil {
			return err
		}
		_, err = release.AddProject(ctx, project, v1alpha1.ProjectSpec{})
		return err
	})
}
