using WanSharp.Hosting.Outputs;

namespace WanSharp.Server.Page;

/// <summary>What the server does and holds.</summary>
/// <param name="Version">The program's version.</param>
/// <param name="Model">The model that it serves.</param>
/// <param name="Loaded">Whether the model is open.</param>
/// <param name="UptimeSeconds">How long it runs.</param>
/// <param name="Trouble">Why nothing is made at present; null while all is well.</param>
/// <param name="Listeners">Clients that listen to events.</param>
/// <param name="Machine">The machine.</param>
/// <param name="Engine">The engine; null before it is open, or where another program makes the clips.</param>
/// <param name="Caches">What is kept between runs, by section.</param>
/// <param name="Providers">What can compute here; none before the engine is open.</param>
internal sealed record SystemObject(
    string Version,
    string Model,
    bool Loaded,
    double UptimeSeconds,
    string? Trouble,
    int Listeners,
    MachineObject Machine,
    EngineObject? Engine,
    IReadOnlyDictionary<string, CacheSectionOutput> Caches,
    IReadOnlyList<ProviderOutput> Providers
)
{
    public string Object { get; init; } = "system";
}

/// <summary>The machine.</summary>
/// <param name="Processors">Processors that the server may use.</param>
/// <param name="MemoryBytes">Its memory.</param>
/// <param name="FreeBytes">What is free of it.</param>
/// <param name="ProcessBytes">What this process holds.</param>
/// <param name="DiskFreeBytes">Room for clips.</param>
internal sealed record MachineObject(int Processors, long MemoryBytes, long FreeBytes, long ProcessBytes, long DiskFreeBytes);

/// <summary>What the engine has done.</summary>
/// <param name="Clips">Clips under way.</param>
/// <param name="Steps">Denoise steps.</param>
/// <param name="SkippedSteps">How many of these were estimated.</param>
/// <param name="BatchSize">Clips that shared the latest step.</param>
/// <param name="FeatureHits">Features that were found.</param>
/// <param name="FeatureMisses">Features that were computed.</param>
/// <param name="Lanes">How its lanes spent their time.</param>
/// <param name="Memory">Its memory.</param>
internal sealed record EngineObject(
    int Clips,
    long Steps,
    long SkippedSteps,
    int BatchSize,
    long FeatureHits,
    long FeatureMisses,
    LanesOutput Lanes,
    MemoryOutput Memory
);

/// <summary>The models that there are, and those that can be fetched.</summary>
/// <param name="Served">The one that this server serves.</param>
/// <param name="Data">All of them.</param>
internal sealed record KnownModelsObject(string Served, IReadOnlyList<KnownModelObject> Data)
{
    public string Object { get; init; } = "list";
}

/// <summary>A model, or something that models use.</summary>
/// <param name="Name">What it is asked for by.</param>
/// <param name="About">What it is, in a few words; null for a folder of the user's.</param>
/// <param name="Model">Whether it is a model alone, and not a LoRA or the like.</param>
/// <param name="Files">How many files it has.</param>
/// <param name="Missing">Those that are not there.</param>
/// <param name="Presets">The presets that it serves.</param>
/// <param name="Pull">The command that fetches it; null where nothing is missing.</param>
internal sealed record KnownModelObject(
    string Name,
    string? About,
    bool Model,
    int Files,
    IReadOnlyList<string> Missing,
    IReadOnlyList<string> Presets,
    string? Pull
);
