using WanSharp.Engine.Sampling;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Comfy;

/// <summary>
/// What other programs call our samplers, a row each: ComfyUI's comfy/samplers.py, ComfyUI-WanVideoWrapper's wanvideo/schedulers, Wan2GP's
/// <c>sample_solver</c>, and the names that A1111 shows. Workflows are filled in and read by it, and <c>wan serve</c> offers its names.
/// </summary>
internal static class SamplerNames
{
    /// <summary>The input of the wrapper's nodes that names the sampler.</summary>
    public const string WrapperInput = "scheduler";

    /// <summary>The sampler that brings its own spacing.</summary>
    public const string Karras = "dpm++-karras";

    private const string KarrasSchedule = "karras";

    private static readonly Row[] Rows =
    [
        new("unipc") { Comfy = ["uni_pc", "uni_pc_bh2"], Wrapper = "unipc" },
        new("dpm++")
        {
            Comfy = ["dpmpp_2m"],
            Wrapper = "dpm++",
            Others = ["dpm++ 2m"],
        },
        new("euler")
        {
            Comfy = ["euler"],
            Wrapper = "euler",
            Others = ["flowmatch"],
        },
        new("euler-ancestral") { Comfy = ["euler_ancestral"], Others = ["euler a"] },
        new("lcm") { Comfy = ["lcm"], Wrapper = "lcm" },
        // It begins at a ratio of noise to picture of 120, ours at 80.
        new("rcm") { Wrapper = "rcm", HasOwnLevels = true },
        new("rcm-ode") { HasOwnLevels = true },
    ];

    /// <summary>ComfyUI's own names, as its samplers offer them.</summary>
    public static IReadOnlyList<string> OfComfy { get; } = [.. Rows.SelectMany(row => row.Comfy)];

    /// <summary>The wrapper's names of those that make the same steps here.</summary>
    public static IReadOnlyList<string> OfWrapper { get; } =
    [.. Rows.Where(row => !row.HasOwnLevels).Select(row => row.Wrapper).OfType<string>()];

    /// <summary>The name that an input takes.</summary>
    /// <exception cref="InvalidRequestException">The node does not have the sampler.</exception>
    public static string For(ComfyInput input, string sampler) =>
        Rows.FirstOrDefault(row => row.Ours.Equals(sampler, StringComparison.OrdinalIgnoreCase))?.For(input)
        ?? throw new InvalidRequestException(
            "sampler",
            $"ComfyUI's {input} has no sampler for '{sampler}': choose "
                + $"{string.Join(", ", Rows.Where(row => row.For(input) is not null).Select(row => row.Ours))}, "
                + "or leave it to the workflow."
        );

    /// <summary>Our name; null when there is none.</summary>
    /// <param name="name">The other program's.</param>
    /// <param name="schedule">How the steps are spaced there; null when that is not said.</param>
    public static string? Find(string name, string? schedule)
    {
        var plain = name.Trim();
        if (plain.EndsWith($" {KarrasSchedule}", StringComparison.OrdinalIgnoreCase))
        {
            (plain, schedule) = (plain[..^(KarrasSchedule.Length + 1)], KarrasSchedule);
        }

        var ours =
            Rows.FirstOrDefault(row => row.IsCalled(plain))?.Ours
            ?? Samplers.Names.FirstOrDefault(one => one.Equals(plain.Replace('_', '-'), StringComparison.OrdinalIgnoreCase));
        return ours == "dpm++" && KarrasSchedule.Equals(schedule, StringComparison.OrdinalIgnoreCase) ? Karras : ours;
    }

    /// <summary>Whether a sampler has noise levels of its own, which a shift does not change.</summary>
    /// <param name="sampler">Our name.</param>
    public static bool HasOwnLevels(string? sampler) => Array.Exists(Rows, row => row.Ours == sampler && row.HasOwnLevels);

    /// <summary>One sampler.</summary>
    /// <param name="Ours">Our name.</param>
    private sealed record Row(string Ours)
    {
        /// <summary>ComfyUI's names; the first is the one that is written.</summary>
        public IReadOnlyList<string> Comfy { get; init; } = [];

        /// <summary>The wrapper's name; null where it has none.</summary>
        public string? Wrapper { get; init; }

        /// <summary>Other programs' names.</summary>
        public IReadOnlyList<string> Others { get; init; } = [];

        /// <summary>Whether it has noise levels of its own, which are others there.</summary>
        public bool HasOwnLevels { get; init; }

        public string? For(ComfyInput input) =>
            input.Name == WrapperInput ? Wrapper
            : Comfy.Count > 0 ? Comfy[0]
            : null;

        public bool IsCalled(string name) =>
            Comfy.Concat(Others).Append(Wrapper).Append(Ours).Contains(name, StringComparer.OrdinalIgnoreCase);
    }
}
