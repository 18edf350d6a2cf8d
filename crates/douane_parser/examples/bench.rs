use std::time::Instant;
fn main(){ let dir=std::env::args().nth(1).unwrap(); let mut files=vec![]; fn walk(d:&std::path::Path,f:&mut Vec<std::path::PathBuf>){ for e in std::fs::read_dir(d).unwrap(){let e=e.unwrap().path(); if e.is_dir(){walk(&e,f)} else if e.extension().is_some_and(|x|x=="py"){f.push(e)}}} walk(dir.as_ref(),&mut files);
let t=Instant::now(); let mut b=0; let mut refs=0; let mut bind=0; let mut errs=0; let mut all=vec![];
for f in &files { let bytes=std::fs::read(f).unwrap(); b+=bytes.len(); let d=douane_parser::decode(bytes); let f=douane_parser::parse(&d.text,&douane_parser::ParseOptions{version:douane_base::PythonVersion::NEWEST,platform:douane_base::Platform::Linux,is_stub:false}); refs+=f.references.len(); bind+=f.bindings.len(); errs+=f.syntax_errors.len(); all.push(f);}
println!("{} files {} MB {:?} refs {} bindings {} errors {}",files.len(),b/1000000,t.elapsed(),refs,bind,errs);
let mem=std::fs::read_to_string("/proc/self/status").unwrap(); println!("{}",mem.lines().find(|l|l.starts_with("VmHWM")).unwrap()); }
