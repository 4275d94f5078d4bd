import { groovyText } from "../text/quote.ts";
import { ALPINE_NOTE, indented, type Recipe } from "./recipe.ts";

const TEST = "go test ./...";

/** A declarative pipeline. */
export function jenkinsRecipe(recipe: Recipe): string {
  const { cacheprog, variables, store, region, install, start, finish, notes, goproxy, needsModuleCache } =
    recipe;
  const aws = store === "aws" ? ([["AWS_REGION", region]] as const) : [];
  const all = [...cacheprog, ...variables, ...aws];
  const keys = store === "directory" ? [] : ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"];
  const steps = [...install, ...start];
  const post = finish.map((line) => `sh ${groovyText(line)}`);
  return `// Jenkinsfile, made by "go-cache-plugin init jenkins"
${indented(
  0,
  notes.map((note) => `// ${note}`),
)}${keys.length === 0 ? "" : `// The credentials ${keys.map(credentialId).join(" and ")} are secret texts.\n`}pipeline {
  agent {
    docker {
      image 'golang:${recipe.goVersion}' // ${ALPINE_NOTE}
      args '-u root${needsModuleCache ? " -v go-modules:/go/pkg/mod' // to install the program; a volume for modules, which this mode does not keep" : "' // to install the program"}
    }
  }
  environment {
${indented(4, [
  ...all.map(([name, value]) => `${name} = ${groovyText(value)}`),
  ...keys.map((name) => `${name} = credentials('${credentialId(name)}')`),
])}  }
  stages {
    stage('test') {
      steps {
${indented(
  8,
  [...steps, goproxy === undefined ? TEST : `GOPROXY="${goproxy}" ${TEST}`].map(
    (line) => `sh ${groovyText(line)}`,
  ),
)}      }
    }
  }
  post {
    always {
${indented(6, post)}    }
  }
}
`;
}

/** The id of the credential for a variable in Jenkins. */
export function credentialId(variable: string): string {
  return `go-cache-${variable.toLowerCase().replaceAll("_", "-")}`;
}
