using System.Collections.Concurrent;
using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Storage;

namespace WanSharp.Engine.Reuse;

/// <summary>
/// Latents of clips after some of their steps, by everything that determines a clip except its prompt. A clip that differs only
/// slightly, and only in its prompt, can start from them instead of noise: approximate caching, Agarwal et al. 2023 (arXiv
/// 2312.04429).
/// </summary>
/// <remarks>Thread-safe, and safe among processes.</remarks>
/// <param name="store">Where they are stored; it remains the caller's to dispose.</param>
/// <param name="table">How many steps may be taken at which similarity. Default: <see cref="DefaultTable"/>.</param>
public sealed class StepStore(ContentStore store, IReadOnlyList<ReuseRow>? table = null)
{
    // Of the entries' form: to be raised when it changes.
    private const int Version = 1;
    private const int PeersDigits = 40;
    private const int PromptDigits = 24;
    private const int MostRemembered = 4096;

    private readonly IReadOnlyList<ReuseRow> _table = [.. (table ?? DefaultTable).OrderByDescending(row => row.Share)];

    // What was read once: prompts and embeddings by their entries' keys.
    private readonly ConcurrentDictionary<string, (string Prompt, float[] Embedding)?> _donors = [];

    /// <summary>What measurements with the Shapes model allow (docs/caches.md).</summary>
    internal static IReadOnlyList<ReuseRow> DefaultTable { get; } = [new(0.97, 0.6), new(0.95, 0.4), new(0.9, 0.2)];

    /// <summary>Whether a clip's latents before a step are worth keeping for others.</summary>
    internal bool Keeps(int step, int steps) => _table.Any(row => row.StepsOf(steps) == step);

    /// <summary>Keeps a clip's steps.</summary>
    internal void Add(string peers, string prompt, float[] embedding, IReadOnlyDictionary<int, float[]> latents)
    {
        var kept = latents.Count(step => store.Put(StepKey(peers, prompt, step.Key), MemoryMarshal.AsBytes<float>(step.Value).ToArray()));
        if (kept > 0)
        {
            store.Put(DonorKey(peers, prompt), ToBytes(prompt, embedding)); // last: whoever sees it finds the steps
        }
    }

    /// <summary>The steps of the clip with the most similar prompt; null if none is similar enough.</summary>
    internal SimilarClip? Find(string peers, GenerationPlan plan, float[] embedding)
    {
        var near = store
            .KeysWith(DonorKey(peers, "")[..PeersDigits])
            .Select(key => (Key: key, Donor: Donor(key)))
            .Where(one => one.Donor is { } donor && donor.Embedding.Length == embedding.Length && donor.Prompt != plan.Settings.Prompt)
            .Select(one => (one.Donor!.Value.Prompt, Similarity: (double)TensorPrimitives.Dot(one.Donor.Value.Embedding, embedding)))
            .OrderByDescending(one => one.Similarity)
            .ThenBy(one => one.Prompt, StringComparer.Ordinal);
        foreach (var (prompt, similarity) in near)
        {
            var rows = _table.Where(row => similarity >= row.Similarity).ToList();
            if (rows.Count == 0)
            {
                return null;
            }

            foreach (var steps in rows.Select(row => row.StepsOf(plan.Settings.Steps)))
            {
                if (
                    store.TryRead(StepKey(peers, prompt, steps)) is { } latents
                    && latents.Length == plan.Latents.ElementCount * sizeof(float)
                )
                {
                    return new SimilarClip(
                        new ReusedSteps(prompt, steps, Math.Round(similarity, 4)),
                        MemoryMarshal.Cast<byte, float>(latents).ToArray()
                    );
                }
            }
        }

        return null;
    }

    private (string Prompt, float[] Embedding)? Donor(string key)
    {
        if (_donors.Count >= MostRemembered)
        {
            _donors.Clear();
        }

        return _donors.GetOrAdd(key, key => store.TryRead(key) is { } bytes ? FromBytes(bytes) : null);
    }

    // Donors of one group have the beginning of their keys in common; the steps are elsewhere, where nobody looks through them.
    private static string DonorKey(string peers, string prompt) =>
        Digests.OfText($"donors {Version}\n{peers}")[..PeersDigits] + Digests.OfText(prompt)[..PromptDigits];

    private static string StepKey(string peers, string prompt, int step) =>
        Digests.OfText(string.Create(CultureInfo.InvariantCulture, $"step {step} {Version}\n{Digests.OfText(prompt)}\n{peers}"));

    private static byte[] ToBytes(string prompt, float[] embedding)
    {
        using var content = new MemoryStream();
        using var writer = new BinaryWriter(content);
        writer.Write(prompt);
        writer.Write(MemoryMarshal.AsBytes<float>(embedding));
        return content.ToArray();
    }

    private static (string Prompt, float[] Embedding) FromBytes(byte[] bytes)
    {
        using var reader = new BinaryReader(new MemoryStream(bytes));
        return (reader.ReadString(), MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)reader.BaseStream.Position)).ToArray());
    }
}
