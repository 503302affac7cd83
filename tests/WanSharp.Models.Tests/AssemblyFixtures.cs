using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(RuntimeFixture))]
[assembly: AssemblyFixture(typeof(TinyEngine))]
