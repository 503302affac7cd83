using WanSharp.Runtime;

namespace WanSharp.Testing;

/// <summary>One runtime for all tests, as in a program.</summary>
public sealed class RuntimeFixture : IDisposable
{
    public OrtRuntime Runtime { get; } = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });

    public void Dispose() => Runtime.Dispose();
}
