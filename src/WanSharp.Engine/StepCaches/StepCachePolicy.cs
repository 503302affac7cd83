namespace WanSharp.Engine.StepCaches;

/// <summary>A policy by its name, and the numbers that it takes.</summary>
/// <param name="Name">The name, as users write it.</param>
/// <param name="Numbers">The numbers, in the order in which they are written.</param>
internal sealed record StepCachePolicy(string Name, IReadOnlyList<StepCacheNumber> Numbers)
{
    public const string OffName = "off";
    public const string AutoName = "auto";
    public const string TeaName = "tea";
    public const string TeaRetainedName = "tea-ret";
    public const string MagName = "mag";
    public const string EasyName = "easy";
    public const string SpectrumName = "spectrum";
    public const string TaylorName = "taylor";
    public const string FirstBlockName = "dbcache";

    private const int MostSteps = 1000;

    /// <summary>All policies.</summary>
    public static IReadOnlyList<StepCachePolicy> All { get; } =
    [
        new(EasyName, [Threshold, new("warm-up", 1, MostSteps, IsWhole: true)]),
        new(MagName, [Threshold, new("skips in a row", 1, MostSteps, IsWhole: true), new("retention", 0, 1)]),
        new(TeaName, [Threshold]),
        new(TeaRetainedName, [Threshold]),
        new(
            SpectrumName,
            [
                new("window", 1, MostSteps) { Usual = 2 },
                new("growth", 0, MostSteps) { Usual = 0.5 },
                new("warm-up", 2, MostSteps, IsWhole: true) { Usual = 4 },
                new("end", 0, 1) { Usual = 0.9 },
            ]
        ),
        new(
            TaylorName,
            [
                new("interval", 1, MostSteps, IsWhole: true) { Usual = 2 },
                new("order", 0, 2, IsWhole: true) { Usual = 1 },
                new("warm-up", 3, MostSteps, IsWhole: true) { Usual = 4 },
            ]
        ),
        new(
            FirstBlockName,
            [
                Threshold with
                {
                    Usual = 0.08,
                },
                new("skips in a row", 1, MostSteps, IsWhole: true) { Usual = 3 },
                new("warm-up", 1, MostSteps, IsWhole: true) { Usual = 4 },
            ]
        ),
    ];

    private static StepCacheNumber Threshold => new("threshold", 0, 10);
}
