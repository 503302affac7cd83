using WanSharp.Models;
using WanSharp.Runtime;

namespace WanSharp.Testing;

/// <summary>One runtime and one model of a few thousand random weights, for all tests that compute.</summary>
public sealed class TinyEngine : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public TinyEngine()
    {
        ModelFolder = _folder["tiny"];
        TinyModel.Write(ModelFolder);
        Model = WanModel.Open(ModelFolder);
        Runtime = OrtRuntime.Create(new RuntimeOptions { Threads = 2 });
    }

    public string ModelFolder { get; }

    public WanModel Model { get; }

    public OrtRuntime Runtime { get; }

    /// <summary>A copy of the model's folder, to be damaged.</summary>
    public void CopyModel(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var file in Directory.EnumerateFiles(ModelFolder))
        {
            File.Copy(file, Path.Combine(folder, Path.GetFileName(file)));
        }
    }

    public void Dispose()
    {
        Model.Dispose();
        Runtime.Dispose();
        _folder.Dispose();
    }
}
