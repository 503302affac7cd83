using WanSharp.Graphs.Networks;

namespace WanSharp.Models;

/// <summary>A published Wan model, and the settings that it was made for. They are data: <c>variants.json</c>.</summary>
/// <remarks>
/// Source: Wan-Video/Wan2.1:generate.py, wan/configs; Wan-Video/Wan2.2:wan/configs; the boundary and the two guidance scales are
/// those of Wan 2.2's two experts. Of VACE's two experts and of VideoX-Fun's own models: aigc-apps/VideoX-Fun:examples/wan2.2_vace_fun,
/// wan2.1_fun and wan2.2_fun, with the shift and the boundary of its config/.
/// </remarks>
public sealed record ModelVariant
{
    private const string Resource = "WanSharp.Models.variants.json";
    private const int SmallestDim = 1536;

    private static readonly Lazy<IReadOnlyDictionary<string, ModelVariant>> Read = new(() =>
    {
        using var stream = typeof(ModelVariant).Assembly.GetManifestResourceStream(Resource)!;
        var variants = System.Text.Json.JsonSerializer.Deserialize(stream, ModelJson.Default.IReadOnlyListModelVariant)!;
        return variants.ToDictionary(variant => variant.Name);
    });

    /// <summary>The model's name, such as <c>wan2.1-t2v-1.3b</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The settings.</summary>
    public required ModelDefaults Defaults { get; init; }

    /// <summary>The sizes that the model was trained for, as <c>832x480</c>.</summary>
    public required IReadOnlyList<string> Sizes { get; init; }

    /// <summary>
    /// The variant for clips of more pixels than this one's default, or null: the two checkpoints look alike, and the official code
    /// also chooses by the requested size (Wan-Video/Wan2.1:generate.py, sample_shift).
    /// </summary>
    public string? Larger { get; init; }

    /// <summary>All variants by name.</summary>
    public static IReadOnlyDictionary<string, ModelVariant> All => Read.Value;

    /// <summary>The default shift for clips of a size.</summary>
    /// <param name="model">The model's name.</param>
    /// <param name="defaults">Its defaults.</param>
    /// <param name="width">Pixels across.</param>
    /// <param name="height">Pixels down.</param>
    internal static double ShiftOf(string model, ModelDefaults defaults, int width, int height) =>
        All.GetValueOrDefault(model)?.Larger is { } larger && width * height > defaults.Width * defaults.Height
            ? All[larger].Defaults.Shift
            : defaults.Shift;

    /// <summary>
    /// The settings of a model of this variant. One transformer that was merged from both experts has no boundary between them.
    /// </summary>
    /// <param name="hasExperts">Whether there are two transformers.</param>
    internal ModelDefaults DefaultsOf(bool hasExperts) =>
        hasExperts ? Defaults : Defaults with { Boundary = null, HighNoiseGuidanceScale = null };

    /// <summary>The variant of a transformer.</summary>
    /// <param name="transformer">What it is.</param>
    /// <param name="hasExperts">Whether there are two, one for high noise and one for low.</param>
    internal static ModelVariant Of(TransformerConfig transformer, bool hasExperts) =>
        All[
            transformer.ModelType switch
            {
                ModelType.TextImageToVideo => "wan2.2-ti2v-5b",
                ModelType.FirstLastFrameToVideo => "wan2.1-flf2v-14b",
                ModelType.Fun => FunName(transformer),
                ModelType.ImageToVideo => transformer.VisionDim is null ? "wan2.2-i2v-a14b" : "wan2.1-i2v-14b-480p",
                _ when transformer.ControlBlocks > 0 => hasExperts ? "wan2.2-vace-fun-a14b"
                : transformer.Dim <= SmallestDim ? "wan2.1-vace-1.3b"
                : "wan2.1-vace-14b",
                _ => hasExperts ? "wan2.2-t2v-a14b"
                : transformer.Dim <= SmallestDim ? "wan2.1-t2v-1.3b"
                : "wan2.1-t2v-14b",
            }
        ];

    private static string FunName(TransformerConfig transformer)
    {
        var size =
            transformer.TakesCleanFrames ? "wan2.2-fun-5b"
            : transformer.VisionDim is null ? "wan2.2-fun-a14b"
            : transformer.Dim <= SmallestDim ? "wan2.1-fun-1.3b"
            : "wan2.1-fun-14b";
        return transformer switch
        {
            { CameraStride: not null } => $"{size}-camera",
            { JoinsControl: true } => $"{size}-control",
            _ => $"{size}-inp",
        };
    }
}
