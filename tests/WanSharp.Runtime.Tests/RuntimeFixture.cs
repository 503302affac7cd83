using System.Collections.Concurrent;
using WanSharp.Testing;

[assembly: AssemblyFixture(typeof(WanSharp.Runtime.Tests.RuntimeFixture))]

namespace WanSharp.Runtime.Tests;

/// <summary>One runtime for all tests, as in a program; and the small models of tests/data/onnx.</summary>
public sealed class RuntimeFixture : IDisposable
{
    private readonly Lazy<OrtRuntime> _webGpu = new(() =>
        OrtRuntime.Create(new RuntimeOptions { Threads = 2, LibraryPath = NodePackages.WebGpuLibrary })
    );

    public RuntimeFixture() => Runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 2, Log = Log.Enqueue });

    public OrtRuntime Runtime { get; }

    /// <summary>The build with WebGPU; skips the test where it is not installed.</summary>
    public OrtRuntime WebGpu => _webGpu.Value;

    public ConcurrentQueue<OrtLogMessage> Log { get; } = new();

    public static string PathOf(string model) => Path.Combine(AppContext.BaseDirectory, "data", model + ".onnx");

    public static byte[] Model(string model) => File.ReadAllBytes(PathOf(model));

    public Session Compile(string model, SessionSettings? settings = null) => Compile(Runtime, model, settings);

    public Session CompileForWebGpu(string model, bool strict = false) => Compile(WebGpu, model, Devices.WebGpu.Settings(strict));

    public void Dispose()
    {
        Runtime.Dispose();
        if (_webGpu.IsValueCreated)
        {
            _webGpu.Value.Dispose();
        }
    }

    private static Session Compile(OrtRuntime runtime, string model, SessionSettings? settings) =>
        runtime.CreateSession(Model(model), settings ?? new SessionSettings { Name = model });
}
