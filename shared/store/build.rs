//! Writes the statements of `sql/*.sql` as Rust constants, and the list of all. `src/sql.rs`
//! describes the files.

use std::{env, error::Error, fs, path::Path};

/// A statement or a clause.
struct Part {
    name: String,
    /// The parameters. Those of a statement have types, such as `room int8`.
    parameters: Vec<String>,
    /// The SQL text without comments and indentation.
    text: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=sql");
    let mut files = Vec::new();
    for file in fs::read_dir("sql")? {
        files.push(fs::read_to_string(file?.path())?);
    }
    files.sort();
    let all = files.join("\n");
    let of = |mine, theirs| statements(&all.replace("{{mine}}", mine).replace("{{theirs}}", theirs));

    let (mut constants, mut list) = (Vec::new(), Vec::new());
    for (customer, company) in of("customer", "company")?.iter().zip(&of("company", "customer")?) {
        let constant = customer.name.to_uppercase();
        if customer.text == company.text {
            let statement = literal(&customer.name, customer);
            constants.push(format!("pub(crate) const {constant}: Statement = {statement};\n"));
            list.push(constant);
        } else {
            let customer = literal(&format!("{} of a customer", customer.name), customer);
            let company = literal(&format!("{} of a company", company.name), company);
            let by_role = format!("ByRole {{ customer: {customer}, company: {company} }}");
            constants.push(format!("pub(crate) const {constant}: ByRole = {by_role};\n"));
            list.push(format!("{constant}.customer, {constant}.company"));
        }
    }
    let list = format!("/// All statements.\npub const STATEMENTS: &[Statement] = &[{}];\n", list.join(", "));
    let code = format!("{}\n{list}", constants.concat());
    Ok(fs::write(Path::new(&env::var("OUT_DIR")?).join("statements.rs"), code)?)
}

/// Returns the statements of all files, with their clauses inserted and their parameters numbered.
fn statements(files: &str) -> Result<Vec<Part>, String> {
    let clauses = parts(files, "-- clause: ")?;
    let mut statements = parts(files, "-- statement: ")?;
    for statement in &mut statements {
        let whole = insert_clauses(statement.text.trim_end_matches(';'), &clauses);
        statement.text = whole
            .and_then(|text| number_parameters(&text, statement))
            .map_err(|error| format!("the statement {}: {error}", statement.name))?;
    }
    Ok(statements)
}

/// Returns the parts that begin with this heading, such as `-- statement: `.
fn parts(files: &str, heading: &str) -> Result<Vec<Part>, String> {
    let mut parts = Vec::new();
    for part in format!("\n{files}").split(&format!("\n{heading}")).skip(1) {
        // The list of parameters may continue on further comment lines.
        let end = if part.lines().next().unwrap_or_default().contains('(') { ')' } else { '\n' };
        let (signature, rest) = part.split_once(end).ok_or(format!("no end of the signature: {part}"))?;
        let (name, parameters) = signature.split_once('(').unwrap_or((signature, ""));
        let parameters = parameters.replace("--", "");
        let lines = rest.lines().map(str::trim);
        let lines = lines
            .take_while(|line| !["-- statement: ", "-- clause: "].iter().any(|next| line.starts_with(next)));
        let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with("--")).collect();
        parts.push(Part {
            name: name.to_owned(),
            parameters: parameters
                .split(',')
                .map(|one| one.trim().to_owned())
                .filter(|one| !one.is_empty())
                .collect(),
            text: lines.join("\n"),
        });
    }
    Ok(parts)
}

/// Replaces each `{{name}}` and `{{name(arguments)}}` by the text of the clause.
fn insert_clauses(text: &str, clauses: &[Part]) -> Result<String, String> {
    let Some((before, rest)) = text.split_once("{{") else { return Ok(text.to_owned()) };
    let (call, after) = rest.split_once("}}").ok_or("`{{` without `}}`")?;
    let (name, arguments) = call.split_once('(').unwrap_or((call, ")"));
    let clause = clauses.iter().find(|clause| clause.name == name).ok_or(format!("no clause {name}"))?;
    let arguments = arguments.strip_suffix(')').ok_or(format!("{name}: no `)`"))?;
    let arguments: Vec<&str> = arguments.splitn(clause.parameters.len(), ", ").collect();
    if arguments.len() != clause.parameters.len() {
        return Err(format!("wrong number of arguments of {name}"));
    }
    let clause = replace_parameters(&clause.text, |parameter| {
        let place = clause.parameters.iter().position(|one| one == parameter);
        // Any other parameter belongs to the statement.
        Ok(place.map_or(format!(":{parameter}"), |place| arguments[place].to_owned()))
    })?;
    insert_clauses(&format!("{before}{clause}{after}"), clauses)
}

/// Replaces each parameter of a statement by `$1`, `$2` and so on.
fn number_parameters(text: &str, statement: &Part) -> Result<String, String> {
    let names: Vec<&str> =
        statement.parameters.iter().filter_map(|one| Some(one.split_once(' ')?.0)).collect();
    let mut unused = names.clone();
    let text = replace_parameters(text, |parameter| {
        unused.retain(|name| *name != parameter);
        let place = names.iter().position(|name| *name == parameter);
        place.map(|place| format!("${}", place + 1)).ok_or(format!("no parameter {parameter}"))
    })?;
    if unused.is_empty() { Ok(text) } else { Err(format!("unused parameters: {unused:?}")) }
}

/// Replaces each `:parameter`. A `::type` stays.
fn replace_parameters(
    text: &str,
    mut replacement: impl FnMut(&str) -> Result<String, String>,
) -> Result<String, String> {
    let mut parts = Vec::new();
    for part in text.split("::") {
        let mut pieces = part.split(':');
        let mut replaced = pieces.next().unwrap_or_default().to_owned();
        for piece in pieces {
            let end = piece.find(|one: char| !one.is_alphanumeric() && one != '_').unwrap_or(piece.len());
            replaced += &(replacement(&piece[..end])? + &piece[end..]);
        }
        parts.push(replaced);
    }
    Ok(parts.join("::"))
}

/// Returns a statement as a Rust expression.
fn literal(name: &str, Part { parameters, text, .. }: &Part) -> String {
    let types = parameters.iter().filter_map(|one| one.split_once(' '));
    let types: Vec<String> =
        types.map(|(_, of)| format!("Type::{}", of.to_uppercase().replace("[]", "_ARRAY"))).collect();
    format!("Statement {{ name: {name:?}, types: &[{}], text: {text:?} }}", types.join(", "))
}
