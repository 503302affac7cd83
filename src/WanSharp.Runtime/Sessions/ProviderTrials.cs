using System.Globalization;
using System.Runtime.ExceptionServices;
using WanSharp.Graphs;
using WanSharp.Runtime.Providers;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Runtime;

/// <summary>
/// Tries a provider before its first use: with the operators that its row of the table names, then with attention in plain ones, then
/// with plain ones alone. The first that agree with the processor are used, and remembered.
/// </summary>
/// <remarks>
/// A trial holds for a machine, its drivers, a provider with its options, the type that networks compute in, and the library's file, and
/// for <see cref="MaximumAge"/>.
/// </remarks>
internal sealed class ProviderTrials(OrtRuntime runtime, TrialOptions options)
{
    /// <summary>How long a trial is valid: drivers change without a sign.</summary>
    public static readonly TimeSpan MaximumAge = TimeSpan.FromDays(30);

    // What was tried otherwise, by another version of WanSharp, does not hold.
    private const int Method = 2;

    /// <summary>How networks are written for a provider's device, and what is wrong if it computes them wrong in every way.</summary>
    public (GraphOptions Options, string? Problem) GraphsFor(SessionSettings settings)
    {
        var profile = ProviderProfiles.Of(settings.Provider);
        var table = profile.Graphs with { Compute = settings.Compute };
        if (profile.IsHost)
        {
            return (table, null);
        }

        if (Find(settings) is not { } trial)
        {
            (var tried, var problem) = Try(table, settings);
            if (tried is null)
            {
                return (table, problem);
            }

            trial = Keep(settings, tried);
        }

        return (table with { Lowering = trial.Lowering, FusedAttention = trial.FusedAttention }, null);
    }

    /// <summary>The trial that is remembered; null if there is none that holds.</summary>
    public ProviderTrial? Find(SessionSettings settings)
    {
        using var store = options.Open?.Invoke();
        var trial = store?.TryRead(KeyOf(settings)) is { } json ? ProviderTrial.FromJson(json) : null;
        return trial is not null && options.Clock.GetUtcNow() - trial.Tried < MaximumAge ? trial : null;
    }

    private ProviderTrial Keep(SessionSettings settings, ProviderTrial trial)
    {
        using var store = options.Open?.Invoke();
        store?.Remove(KeyOf(settings));
        store?.Put(KeyOf(settings), trial.ToJson());
        return trial;
    }

    private (ProviderTrial? Trial, string? Problem) Try(GraphOptions table, SessionSettings settings)
    {
        var results = new List<BlockTrialResult>();
        OrtException? failure = null;
        foreach (var written in Ways(table))
        {
            try
            {
                results.Add(BlockTrial.Compare(runtime, settings, written, options.Clock));
            }
            catch (OrtException e) // no kernel for the type or the head size
            {
                failure ??= e;
                results.Add(BlockTrialResult.None);
            }

            if (results[^1].IsRight)
            {
                return (
                    new ProviderTrial
                    {
                        Tried = options.Clock.GetUtcNow(),
                        OnnxRuntime = runtime.Version,
                        Compute = settings.Compute,
                        Lowering = written.Lowering,
                        FusedAttention = written.FusedAttention,
                        Error = results[^1].Error,
                        FusedError = results.Count > 1 ? Finite(results[0].Error) : null,
                        Milliseconds = results[^1].Milliseconds,
                    },
                    null
                );
            }
        }

        var nearest = results.MinBy(result => result.Error);
        if (nearest != BlockTrialResult.None)
        {
            return (
                null,
                string.Create(
                    CultureInfo.InvariantCulture,
                    $"its numbers are off by {nearest.Error:0.0e+0} of the largest, where rounding explains {nearest.Limit:0.0e+0}"
                )
            );
        }

        if (settings.Compute == DType.F32) // which all have: the device fails
        {
            ExceptionDispatchInfo.Throw(failure!);
        }

        return (null, $"a small block failed in it: {failure!.Message.ReplaceLineEndings(" ").TrimEnd('.', ' ')}");
    }

    /// <summary>JSON has no infinity.</summary>
    private static double Finite(double error) => double.IsFinite(error) ? error : double.MaxValue;

    private static IEnumerable<GraphOptions> Ways(GraphOptions table)
    {
        yield return table;
        if (table is { Lowering: Lowering.Fused, FusedAttention: true })
        {
            yield return table with
            {
                FusedAttention = false,
            };
            yield return table with
            {
                Lowering = Lowering.Plain,
            };
        }
    }

    private string KeyOf(SessionSettings settings)
    {
        var library = FileFacts.Of(runtime.LibraryPath);
        var limit = ProviderProfiles.Of(settings.Provider).MemoryOption; // what may be used changes no number
        var device = settings with { ProviderOptions = settings.ProviderOptions.Where(option => option.Key != limit).ToDictionary() };
        return Digests.OfText(
            string.Create(
                CultureInfo.InvariantCulture,
                $"trial {Method}\n{settings.Compute} {device.ProviderKey}\n"
                    + $"onnxruntime {runtime.Version} {library.Length}\n{options.Machine}"
            )
        );
    }
}
