using WanSharp.Engine;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Providers;

namespace WanSharp.Hosting;

/// <summary>What an engine is opened with: a model, what computes it, and how clips share the machine.</summary>
public sealed record EngineSettings
{
    /// <summary>
    /// The model: a folder, a transformer's file, or the name of a folder in a models folder. Default: Shapes, which ships with
    /// the program.
    /// </summary>
    public string Model { get; init; } = ModelLocator.DefaultModel;

    /// <summary>The model's parts that are named by hand. Default: none, they are found.</summary>
    public NamedParts Parts { get; init; } = NamedParts.None;

    /// <summary>The execution provider. Default: "auto", the fastest here.</summary>
    public string Provider { get; init; } = ProviderSelection.Auto;

    /// <summary>Options of the provider, by ONNX Runtime's names. Default: none.</summary>
    public IReadOnlyDictionary<string, string> ProviderOptions { get; init; } = new Dictionary<string, string>();

    /// <summary>
    /// What networks compute in. Default: null, as the clips' presets say, and what the device is good at where they say nothing.
    /// </summary>
    public Precision? Precision { get; init; }

    /// <summary>How networks are compiled. Default: the engine decides.</summary>
    public CompileChoice Compile { get; init; } = CompileChoice.Default;

    /// <summary>Threads that compute. Default: null, one per physical core.</summary>
    public int? Threads { get; init; }

    /// <summary>The memory limit of what computes. Default: null, what is free for a large model, none for a small one.</summary>
    public MemoryAmount? Memory { get; init; }

    /// <summary>The limit of the machine's own memory. Default: null, like <see cref="Memory"/>.</summary>
    public MemoryAmount? HostMemory { get; init; }

    /// <summary>Whether encoded prompts and images are kept on disk for the next process. Default: false.</summary>
    public bool KeepsFeatures { get; init; }

    /// <summary>What the files of ONNX Runtime's own profile of operators begin with. Default: null, none are written.</summary>
    public string? ProfilePrefix { get; init; }

    /// <summary>How clips share the machine.</summary>
    public EngineOptions Options { get; init; } = new();
}
