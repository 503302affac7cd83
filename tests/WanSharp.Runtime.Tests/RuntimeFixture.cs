using System.Collections.Concurrent;
using WanSharp.Runtime.Tests;

[assembly: AssemblyFixture(typeof(RuntimeFixture))]

namespace WanSharp.Runtime.Tests;

/// <summary>One runtime for all tests, as in a program; and the small models of tests/data/onnx.</summary>
public sealed class RuntimeFixture : IDisposable
{
    public RuntimeFixture() => Runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 2, Log = Log.Enqueue });

    public OrtRuntime Runtime { get; }

    public ConcurrentQueue<OrtLogMessage> Log { get; } = new();

    public static string PathOf(string model) => Path.Combine(AppContext.BaseDirectory, "data", model + ".onnx");

    public static byte[] Model(string model) => File.ReadAllBytes(PathOf(model));

    public Session Compile(string model, SessionSettings? settings = null) => Runtime.CreateSession(Model(model), settings ?? new SessionSettings { Name = model });

    public void Dispose() => Runtime.Dispose();
}
