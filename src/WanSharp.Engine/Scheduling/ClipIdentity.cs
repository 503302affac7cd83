using WanSharp.Engine.Denoising;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Media.Ffmpeg;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Runtime.Providers;

namespace WanSharp.Engine.Scheduling;

/// <summary>
/// The one description of what decides a clip's bits, of which the keys of features, steps, snapshots and finished clips are made:
/// a line for each thing, its name first. Everything is in it that is not left out by name.
/// </summary>
/// <remarks>A clip never changes it in the middle: another library, thread count or provider rounds otherwise.</remarks>
internal sealed class ClipIdentity
{
    private const string Tiles = "VAE tiles";
    private const string Compile = "compiled as";

    private readonly WanModel _model;
    private readonly TransformerOptions _transformer;
    private readonly Func<string?>? _ffmpeg;

    public ClipIdentity(
        WanModel model,
        OrtRuntime runtime,
        SessionSettings settings,
        TransformerOptions? transformer,
        Func<string?>? ffmpeg = null
    )
    {
        (_model, _ffmpeg) = (model, ffmpeg);
        _transformer = (transformer ?? new TransformerOptions()) with { CacheFolder = null, WeightsFolder = null };
        Executable = Lines(
            ("engine build", EngineBuild.Identity),
            ("ONNX Runtime", runtime.Version),
            ("processor", ProcessorFeatures.Describe()),
            ("threads", $"{runtime.Threads} of {Environment.ProcessorCount}"),
            (
                "provider",
                $"{ProviderProfiles.Normalize(settings.Provider)} {Sorted(settings.ProviderOptions)} {Sorted(settings.ConfigEntries)} "
                    + settings.Optimization
            ),
            ("computes in", $"{settings.Compute}")
        );
    }

    /// <summary>What executes any network: the engine's code, library, processor, threads, provider, type.</summary>
    public string Executable { get; }

    /// <summary>A plan with its identities.</summary>
    public GenerationPlan With(GenerationPlan plan)
    {
        var latents = OfLatents(plan);
        return plan with { LatentIdentity = latents, Identity = $"{latents}\n{OfFrames(plan)}" };
    }

    /// <summary>
    /// What decides the latents, not how they are decoded. Tiles count where images are encoded in them.
    /// </summary>
    public string OfLatents(GenerationPlan plan) =>
        string.Join(
            '\n',
            Executable,
            _model.Identity.Without(ModelPart.None),
            Lines(
                ("transformer options", $"{_transformer with { Mode = default, TokensAtOnce = null }}"),
                // what computes, not who chose it: the same with a memory limit and without
                (Compile, $"{(plan.RunsInBlocks ? CompileMode.Blocks : plan.Strategy?.Compile ?? _transformer.Mode)}"),
                ("tokens at once", $"{(plan.Strategy is { } strategy ? strategy.TokensAtOnce : _transformer.TokensAtOnce)}"),
                ("tiles of images", plan.EncodesFrames ? $"{plan.VaeTiles}" : ""),
                (
                    "LoRAs",
                    plan.Loras.Loras.Count == 0 ? ""
                    : plan.Loras.IsMerged ? "merged"
                    : "factors"
                ),
                ("encoder", $"{plan.Encoder?.Identity}"),
                ("settings", WithoutNames(plan.Settings).ToJson())
            )
        );

    /// <summary>A copy of a file under another name encodes the same.</summary>
    private static UsedNetwork? Unnamed(UsedNetwork? network) => network is null ? null : network with { Name = "" };

    private static UsedClip? Unnamed(UsedClip? clip) => clip is null or { Sha256: "" } ? clip : clip with { Name = "" };

    /// <summary>The plan of a clip whose transformer is compiled otherwise than was planned.</summary>
    public static GenerationPlan Compiled(GenerationPlan plan, CompileMode mode) =>
        plan with
        {
            Identity = Compiled(plan.Identity, mode),
            LatentIdentity = Compiled(plan.LatentIdentity, mode),
        };

    /// <summary>
    /// How the transformer was compiled that a clip was begun with; null for a clip that begins now, or for another clip's
    /// snapshot.
    /// </summary>
    /// <param name="snapshot">Where the clip stands.</param>
    /// <param name="plan">Its plan.</param>
    /// <param name="wanted">How the plan wants it.</param>
    public static CompileMode? ModeOf(DenoiseSnapshot? snapshot, GenerationPlan plan, CompileMode wanted) =>
        snapshot is null ? null
        : snapshot.Identity == plan.LatentIdentity ? wanted
        : snapshot.Identity == Compiled(plan.LatentIdentity, CompileMode.Blocks) ? CompileMode.Blocks
        : null;

    /// <summary>Continues a clip from a snapshot.</summary>
    /// <exception cref="SnapshotMismatchException">It is another clip's, or something else executes now.</exception>
    public static void Restore(DenoiseSnapshot snapshot, GenerationPlan plan, DenoiseState state)
    {
        if (snapshot.Identity != plan.LatentIdentity)
        {
            throw new SnapshotMismatchException($"the snapshot was made with another {Difference(snapshot.Identity, plan.LatentIdentity)}");
        }

        try
        {
            state.Restore(snapshot.Latents, snapshot.Sampler, snapshot.Average, snapshot.Cache);
        }
        catch (ArgumentException e)
        {
            throw new SnapshotMismatchException("the snapshot's latents do not fit the clip", e);
        }
    }

    /// <summary>The names of the lines that differ, and what is in them where that is short.</summary>
    internal static string Difference(string then, string now)
    {
        const int Longest = 60;
        var (before, after) = (Parse(then), Parse(now));
        var names = before
            .Keys.Union(after.Keys)
            .Where(name => before.GetValueOrDefault(name) != after.GetValueOrDefault(name))
            .Select(name =>
            {
                var (was, becomes) = (before.GetValueOrDefault(name, ""), after.GetValueOrDefault(name, ""));
                return was.Length + becomes.Length <= Longest ? $"{name} ({Named(was)}, now {Named(becomes)})" : name;
            });
        return string.Join(" and ", names);

        static string Named(string value) => value.Length == 0 ? "none" : value;
    }

    /// <summary>What decides what becomes of latents.</summary>
    private string OfFrames(GenerationPlan plan) =>
        Lines(
            (Tiles, $"{plan.VaeTiles}"),
            ("decoder", $"{plan.Decoder?.Identity}"),
            ("interpolator", Interpolator(plan)),
            ("upscaler", Upscaler(plan))
        );

    /// <summary>What makes frames between frames, and at which rates.</summary>
    private string Interpolator(GenerationPlan plan) =>
        plan.Settings.Interpolate is { } between
            ? $"{plan.Interpolator?.Digest ?? OfProgram(between.Name)} from {between.FromFps} to {plan.Settings.Fps}"
            : "";

    private string OfProgram(string name) => $"{name} {FfmpegLocator.IdentityOf(_ffmpeg?.Invoke())}";

    /// <summary>What enlarges frames, and in which tiles.</summary>
    private static string Upscaler(GenerationPlan plan) =>
        plan.Upscaler is { } file ? $"{file.Digest} to {plan.Settings.OutputSize} in {plan.UpscaleTiles}" : "";

    /// <summary>Settings without the names of files, of which digests say all.</summary>
    private static GenerationSettings WithoutNames(GenerationSettings settings) =>
        settings with
        {
            ModelFiles = null,
            Preset = null,
            Decoder = null,
            Interpolate = null,
            Upscale = null,
            UpscaleHeight = null,
            Encoder = Unnamed(settings.Encoder),
            Control = Unnamed(settings.Control),
            Mask = Unnamed(settings.Mask),
            Camera = settings.Camera is { Sha256.Length: > 0 } camera ? Unnamed(camera) : settings.Camera, // moves have names alone
            References = settings.References is null ? null : [.. settings.References.Select(one => Unnamed(one)!)],
            Loras = WithoutNames(settings.Loras),
            HighNoiseLoras = WithoutNames(settings.HighNoiseLoras),
            LowNoiseLoras = WithoutNames(settings.LowNoiseLoras),
        };

    private static IReadOnlyList<GenerationSettings.EmbeddedLora>? WithoutNames(IReadOnlyList<GenerationSettings.EmbeddedLora>? loras) =>
        loras is null ? null : [.. loras.Select(lora => lora with { File = "" })];

    private static string Compiled(string identity, CompileMode mode) =>
        string.Join(
            '\n',
            identity
                .Split('\n')
                .Select(line => line.StartsWith($"{Compile}: ", StringComparison.Ordinal) ? Lines((Compile, $"{mode}")) : line)
        );

    private static Dictionary<string, string> Parse(string identity)
    {
        var lines = new Dictionary<string, string>();
        foreach (var line in identity.Split('\n'))
        {
            var end = line.IndexOf(": ", StringComparison.Ordinal);
            lines[end < 0 ? line : line[..end]] = end < 0 ? "" : line[(end + 2)..];
        }

        return lines;
    }

    private static string Lines(params IEnumerable<(string Name, string Value)> lines) =>
        string.Join('\n', lines.Select(line => $"{line.Name}: {line.Value.ReplaceLineEndings(" ")}"));

    private static string Sorted(IReadOnlyDictionary<string, string> entries) =>
        string.Join(';', entries.OrderBy(entry => entry.Key, StringComparer.Ordinal).Select(entry => $"{entry.Key}={entry.Value}"));
}
