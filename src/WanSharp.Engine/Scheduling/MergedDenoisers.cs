using WanSharp.Engine.Planning;
using WanSharp.Engine.Strategies;
using WanSharp.Models;
using WanSharp.Models.Loras;
using WanSharp.Runtime;
using WanSharp.Runtime.Adapters;
using WanSharp.Runtime.Weights;

namespace WanSharp.Engine.Scheduling;

/// <summary>Denoisers over weights with LoRAs merged into them, one for each set of LoRAs and strengths of the clips under way.</summary>
/// <remarks>For one caller at a time. The last one used stays for the next clip.</remarks>
/// <param name="model">The model.</param>
/// <param name="graphs">Compiles each graph once.</param>
/// <param name="settings">How graphs are compiled.</param>
/// <param name="lanes">How many denoisers a set has.</param>
internal sealed class MergedDenoisers(WanModel model, GraphCache graphs, SessionSettings settings, int lanes) : IDisposable
{
    private volatile IReadOnlyList<Entry> _entries = []; // the last used one last; replaced, never changed: it is read from any thread

    /// <summary>Bytes of the keys and values of prompts that are held.</summary>
    public long KeyBytes => _entries.Sum(entry => entry.Denoisers.KeyBytes);

    /// <summary>Bytes of weights in memory that no clip uses. Thread-safe.</summary>
    public long IdleBytes => _entries.Where(entry => !entry.Denoisers.IsUsed).Sum(entry => entry.Bytes);

    /// <summary>Ends when what is compiled in the background is there, or has failed.</summary>
    public Task Ready => Task.WhenAll(_entries.Select(entry => entry.Denoisers.Ready));

    /// <summary>Why what was compiled in the background is not there, or null.</summary>
    public string? Failure => _entries.Select(entry => entry.Denoisers.Failure).FirstOrDefault(failure => failure is not null);

    /// <summary>The denoisers of a clip whose LoRAs are merged; makes the weights if they are not kept.</summary>
    /// <param name="plan">The clip.</param>
    /// <param name="folder">Where merged weights are kept; null keeps them in memory.</param>
    /// <param name="prepared">Receives how many parts of the weights are done, and how many there are.</param>
    /// <param name="cancellationToken">Stops the making.</param>
    public async Task<StagedDenoisers> OpenAsync(
        GenerationPlan plan,
        string? folder,
        Action<int, int> prepared,
        CancellationToken cancellationToken
    )
    {
        AdapterPool.RequireUnchanged(model, plan);
        var entry = _entries.FirstOrDefault(one => one.Key == plan.Loras.MergeKey);
        if (entry is null)
        {
            Trim();
            entry = await MergeAsync(plan, folder, prepared, cancellationToken).ConfigureAwait(false);
        }

        _entries = [.. _entries.Where(one => one != entry), entry];
        return entry.Denoisers;
    }

    /// <summary>Frees what no clip uses.</summary>
    public void Trim()
    {
        Entry[] old = [.. _entries.Where(one => !one.Denoisers.IsUsed)];
        _entries = [.. _entries.Except(old)];
        Array.ForEach(old, one => one.Dispose());
    }

    public void Dispose()
    {
        foreach (var entry in _entries)
        {
            entry.Dispose();
        }
    }

    private async Task<Entry> MergeAsync(
        GenerationPlan plan,
        string? folder,
        Action<int, int> prepared,
        CancellationToken cancellationToken
    )
    {
        var stores = new List<WeightStore>();
        try
        {
            var low = await MergedAsync(model.TransformerWeights, model.HasExperts ? LoraExpert.Low : null).ConfigureAwait(false);
            var high = model.HighNoiseWeights is { } weights ? await MergedAsync(weights, LoraExpert.High).ConfigureAwait(false) : null;
            return new Entry(
                plan.Loras.MergeKey,
                stores,
                new StagedDenoisers(model, new ExpertWeights(low, high), graphs, settings, lanes)
            );
        }
        catch
        {
            stores.ForEach(store => store.Dispose());
            throw;
        }

        async Task<WeightStore> MergedAsync(WeightStore weights, LoraExpert? expert)
        {
            PlannedLora[] loras = [.. ClipLoras.For(plan.Loras.Loras, expert)];
            if (loras.Length == 0)
            {
                return weights;
            }

            var merged = new MergedWeights(
                weights,
                [.. loras.Select(lora => Changes(lora, expert))],
                [.. loras.Select(lora => (float)lora.Strength.At(0))],
                model.Loras.Weights
            );
            var store = await Task.Run(() => merged.OpenAsync(folder, prepared, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
            stores.Add(store);
            return store;
        }
    }

    /// <summary>What a LoRA does, under the name of its files' contents: what is kept is found again wherever they are.</summary>
    private LoraChanges Changes(PlannedLora lora, LoraExpert? expert) =>
        model.Loras.FitOf(lora.Path, expert).Changes with
        {
            Id = $"{lora.Identity} {expert}",
        };

    private sealed class Entry(string key, List<WeightStore> stores, StagedDenoisers denoisers) : IDisposable
    {
        public string Key => key;

        public StagedDenoisers Denoisers => denoisers;

        public long Bytes => stores.Sum(store => store.MadeBytes + store.ConvertedBytes);

        public void Dispose()
        {
            denoisers.Dispose();
            stores.ForEach(store => store.Dispose());
        }
    }
}
