using WanSharp.Engine;
using WanSharp.Engine.Requests;
using WanSharp.Models;
using WanSharp.Runtime;
using WanSharp.Runtime.Memory;
using WanSharp.Tools.Quality;

namespace WanSharp.Tools.Benchmarks.Memory;

/// <summary>Clips of one resident engine, in each of which one allocation at a random point fails.</summary>
internal sealed class FailuresRow(OrtRuntime runtime, WanModel model, GenerationRequest clip)
{
    public async Task<MemoryRowResult> RunAsync(int count, CancellationToken cancellationToken)
    {
        using var generator = new VideoGenerator(model, runtime, new SessionSettings());
        var (right, refused, wrong) = (0, 0, new List<string>());
        var expected = await GenerateAsync(generator, cancellationToken).ConfigureAwait(false); // compiles, and tells the library the sizes
        var requests = await CountAsync(generator, cancellationToken).ConfigureAwait(false);
        var (before, objects) = (runtime.Memory.InUse, runtime.Api.LiveObjects);
        var random = new Random(Seed: 1);
        for (var i = 0; i < count; i++)
        {
            var victim = random.NextInt64(requests);
            runtime.Memory.Refuses = _ => Interlocked.Decrement(ref victim) == -1;
            try
            {
                if (IsSame(await GenerateAsync(generator, cancellationToken).ConfigureAwait(false), expected))
                {
                    right++;
                }
                else
                {
                    wrong.Add("a clip's frames differ");
                }
            }
            catch (MemoryLimitException)
            {
                refused++;
            }
            catch (Exception e) when (!cancellationToken.IsCancellationRequested)
            {
                wrong.Add($"{e.GetType().Name}: {e.Message}");
            }
            finally
            {
                runtime.Memory.Refuses = null;
            }
        }

        var livesOn = IsSame(await GenerateAsync(generator, cancellationToken).ConfigureAwait(false), expected);
        var (leaked, objectsLeft) = (runtime.Memory.InUse - before, runtime.Api.LiveObjects - objects);
        return new MemoryRowResult
        {
            Row = MemoryRow.Failures,
            Goal = "each clip succeeds or fails with a clear error, nothing leaks, and the engine keeps running",
            IsReached = wrong.Count == 0 && livesOn && leaked <= 0 && objectsLeft <= 0,
            Ratios = new Dictionary<string, double> { ["ended_well"] = (double)(right + refused) / count },
            Figures = new Dictionary<string, double>
            {
                ["clips"] = count,
                ["right"] = right,
                ["refused"] = refused,
                ["wrong"] = wrong.Count,
                ["requests_a_clip"] = requests,
                ["leaked_bytes"] = leaked,
                ["leaked_objects"] = objectsLeft,
            },
            Note =
                wrong.Count > 0 ? string.Join("; ", wrong.Distinct())
                : livesOn ? null
                : "the clip after all failures differs",
        };
    }

    private static bool IsSame(IReadOnlyList<byte[]> frames, IReadOnlyList<byte[]> expected) =>
        frames.Count == expected.Count && frames.Zip(expected).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second));

    /// <summary>How many allocations a clip asks for once everything is compiled.</summary>
    private async Task<long> CountAsync(VideoGenerator generator, CancellationToken cancellationToken)
    {
        var requests = 0L;
        runtime.Memory.Refuses = _ =>
        {
            Interlocked.Increment(ref requests);
            return false;
        };
        try
        {
            await GenerateAsync(generator, cancellationToken).ConfigureAwait(false);
        }
        finally
        {
            runtime.Memory.Refuses = null;
        }

        return requests;
    }

    private async Task<IReadOnlyList<byte[]>> GenerateAsync(VideoGenerator generator, CancellationToken cancellationToken)
    {
        var frames = new ClipRecorder();
        await using var framesEnd = frames.ConfigureAwait(false);
        await generator.GenerateAsync(generator.Plan(clip), frames, cancellationToken: cancellationToken).ConfigureAwait(false);
        return frames.Frames;
    }
}
