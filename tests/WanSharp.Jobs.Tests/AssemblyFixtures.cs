using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(TinyEngine))]
