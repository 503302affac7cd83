using System.Diagnostics;
using WanSharp.Engine;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Hosting;
using WanSharp.Media.Clips;
using WanSharp.Runtime;
using WanSharp.Tensors;
using WanSharp.Tools.Quality;
using WanSharp.Tools.Quantize;

namespace WanSharp.Tools.Optimize;

/// <summary>Makes clips in a way, times them, and compares them with the model's own.</summary>
/// <remarks>
/// Times leave out the encoding of prompts, which only the first clip of a prompt pays; what a single clip pays before and for it is in
/// <see cref="MeasuredWay.StartSeconds"/>.
/// </remarks>
/// <param name="host">Opens engines.</param>
/// <param name="engine">The model, and what computes it.</param>
/// <param name="asked">What the clips have in common.</param>
/// <param name="started">What the program takes before it comes to a command.</param>
internal sealed class WayClips(WanHost host, EngineSettings engine, GenerationRequest asked, TimeSpan started) : IDisposable
{
    private const int EnoughClips = 3; // for a median that one disturbed clip does not move
    private const double ShortClip = 5; // seconds: of longer ones, what disturbs them is a small share

    private readonly Dictionary<Precision, (EngineHost Host, double StartSeconds)> _engines = [];
    private readonly Dictionary<(string Prompt, ulong Seed), (IReadOnlyList<byte[]> Frames, double Seconds)> _own = [];
    private readonly KeptClips _kept = new();
    private readonly Dictionary<(Precision Precision, string Opens), double> _openings = [];
    private readonly Dictionary<Precision, string> _open = []; // what the last clip of an engine opened
    private Precision? _usual;

    /// <summary>The clips' format; null before the first.</summary>
    public ClipFormat? Format { get; private set; }

    /// <summary>An engine, which makes a clip when it is opened: what comes first takes longer.</summary>
    /// <param name="precision">What networks compute in; null for what is usual on the device.</param>
    /// <param name="prompt">That clip's prompt.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    public async Task<EngineHost> EngineAsync(Precision? precision, string prompt, CancellationToken cancellationToken)
    {
        if ((precision ?? _usual) is { } open && _engines.TryGetValue(open, out var known))
        {
            return known.Host;
        }

        var begun = Stopwatch.GetTimestamp();
        var opened = EngineHost.Open(host, engine with { Precision = precision });
        try
        {
            var (frames, _) = await MakeAsync(opened, asked, prompt, 0, cancellationToken).ConfigureAwait(false);
            await WriteAsync(frames, PlanOf(opened, asked, prompt, 0).Format, cancellationToken).ConfigureAwait(false);
            var first = Stopwatch.GetElapsedTime(begun).TotalSeconds;
            var (_, second) = await MakeAsync(opened, asked, prompt, 1, cancellationToken).ConfigureAwait(false);
            // What the first engine had to load and compile for the process was there for this one: alone it would pay that, too.
            var start = started.TotalSeconds + Math.Max(0, first - second);
            _engines.Add(opened.Precision, (opened, _engines.Values.Select(known => known.StartSeconds).Append(start).Max()));
            _open[opened.Precision] = "";
            _usual ??= precision is null ? opened.Precision : null;
            return opened;
        }
        catch
        {
            opened.Dispose();
            throw;
        }
    }

    /// <summary>Measures a way on prompts, each with its own seed.</summary>
    /// <param name="way">The way.</param>
    /// <param name="prompts">The prompts.</param>
    /// <param name="firstSeed">The first one's seed.</param>
    /// <param name="made">Receives each clip's loss, its frames and those of the model's own; says whether to go on.</param>
    /// <param name="cancellationToken">Stops within a step.</param>
    /// <exception cref="InvalidRequestException">The model makes no such clips, or none that can be compared with its own.</exception>
    public async Task<MeasuredWay> MeasureAsync(
        Way way,
        IReadOnlyList<string> prompts,
        int firstSeed,
        Func<double, IReadOnlyList<byte[]>, IReadOnlyList<byte[]>, bool> made,
        CancellationToken cancellationToken
    )
    {
        var opened = await EngineAsync(way.Precision, prompts[0], cancellationToken).ConfigureAwait(false);
        var request = (GenerationRequest)way.Settings(asked); // a copy of what it is given, whatever it changes
        var plan = PlanOf(opened, request, prompts[0], 0);
        Format = RequireComparable(opened, plan.Format, prompts[0]);
        var all = new List<(IReadOnlyList<byte[]> Frames, double Seconds)>();
        for (var i = 0; i < prompts.Count; i++) // before the way's, so that nothing is opened in turn
        {
            all.Add(await OwnAsync(prompts[i], (ulong)(firstSeed + i), prompts.Count, cancellationToken).ConfigureAwait(false));
        }

        var first = await OpenAsync(opened, way, request, prompts[0], cancellationToken).ConfigureAwait(false);
        var (times, losses) = (new List<double>(), new List<double>());
        for (var i = 0; i < prompts.Count; i++)
        {
            var (frames, seconds) =
                way.Choices.Count == 0
                    ? all[i]
                    : await TimeAsync(opened, request, prompts[i], (ulong)(firstSeed + i), prompts.Count, cancellationToken)
                        .ConfigureAwait(false);
            times.Add(seconds);
            losses.Add(ClipMeasurement.LossOf(frames, all[i].Frames, Format));
            if (!made(losses[^1], frames, all[i].Frames))
            {
                break;
            }
        }

        var median = Median(times);
        return new MeasuredWay(way, median, StartOf(opened, way, first - median), losses.Average(), losses.Max())
        {
            Precision = opened.Precision,
            Made = SavedFront.MadeBy(plan),
            Strategy = SavedStrategy.Of(plan.Strategy),
        };
    }

    public void Dispose()
    {
        foreach (var (opened, _) in _engines.Values)
        {
            opened.Dispose();
        }

        _kept.Dispose();
    }

    /// <summary>The middle of some times, or the mean of the two in the middle.</summary>
    internal static double Median(IReadOnlyCollection<double> times)
    {
        double[] sorted = [.. times.Order()];
        return (sorted[(sorted.Length - 1) / 2] + sorted[sorted.Length / 2]) / 2;
    }

    private static string OpensOf(Way way) => string.Join('\n', way.Choices.Where(choice => choice.Opens));

    /// <summary>Opens what a way needs and the last clip did not, by a clip that does not count.</summary>
    /// <returns>That clip's time; not a number where everything was open.</returns>
    private async Task<double> OpenAsync(
        EngineHost opened,
        Way way,
        GenerationRequest request,
        string prompt,
        CancellationToken cancellationToken
    )
    {
        var opens = OpensOf(way);
        if (_open[opened.Precision] == opens)
        {
            return double.NaN;
        }

        var (_, seconds) = await MakeAsync(opened, request, prompt, 0, cancellationToken).ConfigureAwait(false);
        _open[opened.Precision] = opens;
        return seconds;
    }

    /// <summary>What a process needs in addition to a clip: the engine's start, and what the way opens itself, the first time.</summary>
    private double StartOf(EngineHost opened, Way way, double opening)
    {
        var start = _engines[opened.Precision].StartSeconds;
        if (OpensOf(way) is not { Length: > 0 } opens)
        {
            return start;
        }

        if (!double.IsNaN(opening))
        {
            _openings.TryAdd((opened.Precision, opens), Math.Max(0, opening));
        }

        return start + _openings.GetValueOrDefault((opened.Precision, opens));
    }

    /// <summary>Clips that differ in their size or length cannot be compared frame by frame.</summary>
    private ClipFormat RequireComparable(EngineHost opened, ClipFormat format, string prompt)
    {
        var own = PlanOf(opened, asked, prompt, 0).Format;
        return format == own
            ? format
            : throw new InvalidRequestException(
                "way",
                FormattableString.Invariant(
                    $"its clips have {format.Frames} frames of {format.Width}x{format.Height} at {format.Fps} a second, the model's own "
                ) + FormattableString.Invariant($"{own.Frames} of {own.Width}x{own.Height} at {own.Fps}, and are not compared with them")
            );
    }

    /// <summary>Writes a clip, as a command would.</summary>
    private async Task WriteAsync(IReadOnlyList<byte[]> frames, ClipFormat format, CancellationToken cancellationToken)
    {
        var ffmpeg = host.FindFfmpeg();
        using var folder = WorkFolder.CreateTemporary();
        var target = OutputTarget.Parse(folder[ffmpeg is null ? "clip.webp" : "clip.mp4"]);
        var writer = VideoWriter.Create(ffmpeg, target, format, settings: null);
        await using var end = writer.ConfigureAwait(false);
        foreach (var frame in frames)
        {
            await writer.WriteAsync(frame, cancellationToken).ConfigureAwait(false);
        }

        await writer.CompleteAsync(cancellationToken).ConfigureAwait(false);
    }

    private async Task<(IReadOnlyList<byte[]> Frames, double Seconds)> OwnAsync(
        string prompt,
        ulong seed,
        int clips,
        CancellationToken cancellationToken
    )
    {
        if (!_own.TryGetValue((prompt, seed), out var own))
        {
            var opened = await EngineAsync(precision: null, prompt, cancellationToken).ConfigureAwait(false);
            await OpenAsync(opened, Way.Own, asked, prompt, cancellationToken).ConfigureAwait(false);
            var (frames, seconds) = await TimeAsync(opened, asked, prompt, seed, clips, cancellationToken).ConfigureAwait(false);
            _own[(prompt, seed)] = own = (_kept.Keep(frames), seconds);
        }

        return own;
    }

    /// <summary>A clip and its time. Few short clips are made twice each: what disturbs one only adds to its time.</summary>
    private static async Task<(IReadOnlyList<byte[]> Frames, double Seconds)> TimeAsync(
        EngineHost opened,
        GenerationRequest request,
        string prompt,
        ulong seed,
        int clips,
        CancellationToken cancellationToken
    )
    {
        var (frames, seconds) = await MakeAsync(opened, request, prompt, seed, cancellationToken).ConfigureAwait(false);
        if (clips < EnoughClips && seconds < ShortClip)
        {
            var again = await MakeAsync(opened, request, prompt, seed, cancellationToken).ConfigureAwait(false);
            seconds = Math.Min(seconds, again.Seconds);
        }

        return (frames, seconds);
    }

    private static async Task<(IReadOnlyList<byte[]> Frames, double Seconds)> MakeAsync(
        EngineHost opened,
        GenerationRequest request,
        string prompt,
        ulong seed,
        CancellationToken cancellationToken
    )
    {
        var frames = new ClipRecorder();
        await using var end = frames.ConfigureAwait(false);
        var plan = PlanOf(opened, request, prompt, seed);
        var statistics = await opened.Generator.GenerateAsync(plan, frames, null, cancellationToken).ConfigureAwait(false);
        var encoding = statistics.Stages.GetValueOrDefault(GenerationStage.Encode).Elapsed;
        return (frames.Frames, Math.Max(0, (statistics.Total - encoding).TotalSeconds));
    }

    private static GenerationPlan PlanOf(EngineHost opened, GenerationRequest request, string prompt, ulong seed) =>
        opened.Generator.Plan(request with { Prompt = prompt, Seed = seed });
}
