using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Jobs.Results;

/// <summary>Clips in a <see cref="ContentStore"/>, each with what making it took.</summary>
/// <remarks>
/// A clip leaves the cache as a copy, not as a second name of the same file: whoever edits it in place changes neither the
/// cache nor other copies. Where the file system can, the copy shares its blocks.
/// </remarks>
/// <param name="store">Where the clips are; stays the caller's.</param>
public sealed class ResultCache(ContentStore store) : IResultCache
{
    private const string ClipFile = "clip";
    private const string OutcomeFile = "outcome.json";

    /// <inheritdoc/>
    public bool Contains(string key, string format) => store.Contains(EntryKey(key, format));

    /// <inheritdoc/>
    public async ValueTask<IDisposable?> LockAsync(string key, string format, CancellationToken cancellationToken) =>
        await store.LockAsync(EntryKey(key, format), cancellationToken).ConfigureAwait(false);

    /// <inheritdoc/>
    public async ValueTask<JobOutcome?> TryGetAsync(string key, string format, string path, CancellationToken cancellationToken)
    {
        using var entry = store.TryOpen(EntryKey(key, format));
        if (entry is null)
        {
            return null;
        }

        try
        {
            using var text = PlainFile.OpenRead(entry.PathOf(OutcomeFile));
            var outcome = await JsonSerializer
                .DeserializeAsync(text, ResultJson.Default.JobOutcome, cancellationToken)
                .ConfigureAwait(false);
            File.Copy(entry.PathOf(ClipFile), path);
            return outcome! with { FromCache = true };
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or JsonException)
        {
            // No entry of ours, or no room for the copy: the clip is made, and whatever is wrong with the place shows then.
            if (File.Exists(path))
            {
                File.Delete(path);
            }

            return null;
        }
    }

    /// <inheritdoc/>
    public ValueTask AddAsync(string key, string format, string path, JobOutcome outcome, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(outcome);
        cancellationToken.ThrowIfCancellationRequested();
        store.Put(
            EntryKey(key, format),
            folder =>
            {
                File.Copy(path, Path.Combine(folder, ClipFile));
                File.WriteAllBytes(
                    Path.Combine(folder, OutcomeFile),
                    JsonSerializer.SerializeToUtf8Bytes(outcome, ResultJson.Default.JobOutcome)
                );
            }
        );
        return ValueTask.CompletedTask;
    }

    private static string EntryKey(string key, string format) => Digests.OfText($"{key}\n{format}");
}

/// <summary>What is kept next to a clip.</summary>
[JsonSourceGenerationOptions(PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower, RespectNullableAnnotations = true)]
[JsonSerializable(typeof(JobOutcome))]
internal sealed partial class ResultJson : JsonSerializerContext;
