using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Testing;
using WanSharp.Tools.Export;

namespace WanSharp.Tools.Tests.Export;

/// <summary>A tiny model and its export, made once for the tests that look at it.</summary>
public sealed class ExportedModel : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();

    public OrtRuntime Runtime { get; } = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });

    public WanModel Model { get; private set; } = null!;

    public ExportReport Report { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        TinyModel.Write(_folder["model"]);
        Model = WanModel.Open(_folder["model"]);
        Report = await ModelExporter.ExportAsync(Model, Runtime, _folder["export"], new ExportOptions());
    }

    public ValueTask DisposeAsync()
    {
        Model.Dispose();
        Runtime.Dispose();
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }
}
