using WanSharp.Engine.Tests;
using WanSharp.Runtime;

[assembly: AssemblyFixture(typeof(RuntimeFixture))]

namespace WanSharp.Engine.Tests;

/// <summary>One runtime for all tests, as in a program.</summary>
public sealed class RuntimeFixture : IDisposable
{
    public OrtRuntime Runtime { get; } = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });

    public void Dispose() => Runtime.Dispose();
}
