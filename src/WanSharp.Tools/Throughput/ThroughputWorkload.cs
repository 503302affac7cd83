using WanSharp.Jobs;
using WanSharp.Jobs.Batches;

namespace WanSharp.Tools.Throughput;

/// <summary>The jobs that every mode makes.</summary>
/// <param name="Name">What it is called.</param>
/// <param name="Entries">The jobs.</param>
public sealed record ThroughputWorkload(string Name, IReadOnlyList<BatchEntry> Entries)
{
    private const int SeedJobs = 15;
    private const int UniqueJobs = 16;

    private static readonly string[] Styles = ["anime", "realistic", "cinematic"];

    private static readonly string[] Prompts =
    [
        "a red circle moving left on a black background",
        "a blue star growing on a gray background",
        "a green square moving up on a navy background",
    ];

    private static readonly string[] Colours = ["red", "green", "blue", "yellow", "purple", "orange", "white", "cyan"];

    /// <summary>Three prompts and three styles, zipped and cycled: three clips, five times each.</summary>
    public static ThroughputWorkload Seed { get; } =
        new(
            "seed",
            [
                .. Enumerable
                    .Range(0, SeedJobs)
                    .Select(i => new BatchEntry
                    {
                        Line = i + 1,
                        Request = new JobRequest { Prompt = Prompts[i % Prompts.Length] },
                        Style = Styles[i % Styles.Length],
                        Output = $"seed-{i:00}.mp4",
                    }),
            ]
        );

    /// <summary>No two clips alike.</summary>
    public static ThroughputWorkload Unique { get; } =
        new(
            "unique",
            [
                .. Enumerable
                    .Range(0, UniqueJobs)
                    .Select(i => new BatchEntry
                    {
                        Line = i + 1,
                        Request = new JobRequest
                        {
                            Prompt =
                                $"a {Colours[i % Colours.Length]} {(i < Colours.Length ? "circle" : "square")} "
                                + "moving right on a black background",
                            Seed = (ulong)i,
                        },
                        Output = $"unique-{i:00}.mp4",
                    }),
            ]
        );
}
