using WanSharp.Engine.Sampling;

namespace WanSharp.Jobs.Recipes;

/// <summary>
/// What other programs call our samplers: ComfyUI's <c>comfy/samplers.py</c>, ComfyUI-WanVideoWrapper's <c>wanvideo/schedulers</c>,
/// Wan2GP's <c>sample_solver</c>, and the names that A1111 shows.
/// </summary>
internal static class RecipeSamplers
{
    /// <summary>The sampler that brings its own spacing.</summary>
    public const string Karras = "dpm++-karras";

    private static readonly Dictionary<string, string> Names = new(StringComparer.OrdinalIgnoreCase)
    {
        ["uni_pc"] = "unipc",
        ["uni_pc_bh2"] = "unipc",
        ["unipc"] = "unipc",
        ["dpmpp_2m"] = "dpm++",
        ["dpm++"] = "dpm++",
        ["dpm++ 2m"] = "dpm++",
        ["euler"] = "euler",
        ["euler a"] = "euler-ancestral",
        ["flowmatch"] = "euler",
    };

    /// <summary>Our name; null when there is none.</summary>
    /// <param name="name">The other program's.</param>
    /// <param name="schedule">How the steps are spaced there; null when that is not said.</param>
    public static string? Find(string name, string? schedule)
    {
        var plain = name.Trim();
        if (plain.EndsWith(" karras", StringComparison.OrdinalIgnoreCase))
        {
            (plain, schedule) = (plain[..^" karras".Length], "karras");
        }

        var ours =
            Names.GetValueOrDefault(plain)
            ?? Samplers.Names.FirstOrDefault(one => one.Equals(plain.Replace('_', '-'), StringComparison.OrdinalIgnoreCase));
        return ours == "dpm++" && "karras".Equals(schedule, StringComparison.OrdinalIgnoreCase) ? Karras : ours;
    }

    /// <summary>Whether a schedule spaces the steps evenly before the shift, as ours does.</summary>
    public static bool IsUsual(string schedule) =>
        schedule.ToUpperInvariant() is "SIMPLE" or "NORMAL" or "SGM_UNIFORM" or "DEFAULT" or "AUTOMATIC" or "";
}
