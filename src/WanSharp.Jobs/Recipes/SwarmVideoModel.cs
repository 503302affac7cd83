using System.Text.RegularExpressions;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// What SwarmUI takes for a clip from a picture where nothing is said, by the class of the model. Sources:
/// mcmonkeyprojects/SwarmUI:src/BuiltinExtensions/ComfyUIBackend/WorkflowGenerator.cs (PrepFullCond),
/// src/Text2Image/T2IModelClassSorter.cs (StandardWidth, StandardHeight).
/// </summary>
/// <param name="Guidance">The scale of guidance.</param>
/// <param name="Frames">The number of frames.</param>
/// <param name="Fps">Frames a second.</param>
/// <param name="Side">The side of a square of as many pixels.</param>
internal sealed partial record SwarmVideoModel(double Guidance, int Frames, int Fps, int Side)
{
    private const int Step = 64;

    /// <summary>The class that a model's name tells; null where it tells none.</summary>
    /// <remarks>SwarmUI tells it from the file's tensors, which a recipe does not have.</remarks>
    public static SwarmVideoModel? Find(string name)
    {
        var plain = Separators().Replace(name.ToUpperInvariant().Replace('\\', '/').Split('/')[^1], "");
        var (isWan21, isWan22) = (plain.Contains("WAN21", StringComparison.Ordinal), plain.Contains("WAN22", StringComparison.Ordinal));
        var isImage = plain.Contains("I2V", StringComparison.Ordinal);
        return (plain, isImage) switch
        {
            _ when isWan22 && plain.Contains("5B", StringComparison.Ordinal) => new SwarmVideoModel(5, 49, 22, 960),
            (_, true) when isWan22 && plain.Contains("14B", StringComparison.Ordinal) => new SwarmVideoModel(3.5, 49, 24, 960),
            (_, true) when isWan21 && plain.Contains("14B", StringComparison.Ordinal) => new SwarmVideoModel(6, 81, 24, 640),
            _ when isWan21 && plain.Contains("FLF2V", StringComparison.Ordinal) => new SwarmVideoModel(6, 81, 24, 960),
            _ => null,
        };
    }

    /// <summary>The size of about the model's own number of pixels with a picture's proportions.</summary>
    public (double Width, double Height) Fit(double width, double height)
    {
        var scale = Math.Sqrt(Side * Side / (width * height));
        return (Math.Round(width * scale / Step) * Step, Math.Round(height * scale / Step) * Step);
    }

    [GeneratedRegex("[^A-Z0-9/]")]
    private static partial Regex Separators();
}
