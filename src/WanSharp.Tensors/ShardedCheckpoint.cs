using System.Text.Json;
using System.Text.Json.Nodes;

namespace WanSharp.Tensors;

/// <summary>A checkpoint of several files (shards), with an index that says which tensor is in which, or without one.</summary>
public sealed class ShardedCheckpoint : ICheckpoint
{
    private const string WeightMap = "weight_map";

    // ComfyUI's notes of how layers were quantized: each shard has those of its own.
    private const string QuantizationNotes = "_quantization_metadata";

    private readonly Dictionary<string, ICheckpoint> _shards = [];
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly Dictionary<string, string> _unsupported = [];
    private readonly Dictionary<string, string> _metadata = [];

    private bool _hasIndex;

    private ShardedCheckpoint(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files =>
        [.. _hasIndex ? [Path] : Array.Empty<string>(), .. _shards.Values.SelectMany(shard => shard.Files).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => _unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>
    /// Opens an index (<c>*.safetensors.index.json</c>) and every file that it names. Tensors of these files that it does not
    /// name are there, too.
    /// </summary>
    /// <exception cref="CheckpointException">The index or a file of it cannot be read, or one lacks a tensor that the index puts
    /// there.</exception>
    public static ShardedCheckpoint Open(string indexPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(indexPath);
        var checkpoint = new ShardedCheckpoint(indexPath) { _hasIndex = true };
        try
        {
            using var index = ReadIndex(indexPath);
            checkpoint.Load(index.RootElement);
            return checkpoint;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            checkpoint.Dispose();
            throw new CheckpointException(
                indexPath,
                OtherContents.DescribeCompanion(indexPath)
                    ?? "it is not a valid index: a JSON object whose weight_map gives each tensor's file.",
                e
            );
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Opens all shards of the set that one is of, by their names alone.</summary>
    /// <exception cref="CheckpointException">One is missing or cannot be read, or two have a tensor of the same name.</exception>
    internal static ShardedCheckpoint OpenTogether(string shard)
    {
        List<string> files = [.. ShardFiles.All(shard)];
        List<string> missing = [.. files.Where(file => !File.Exists(file))];
        if (missing.Count > 0)
        {
            var names = string.Join(", ", missing.Take(3).Select(System.IO.Path.GetFileName));
            throw new CheckpointException(
                shard,
                $"it is one of {files.Count} shards, of which {missing.Count} are missing: {names}{(missing.Count > 3 ? ", …" : "")}. "
                    + "Download them to its folder."
            );
        }

        var checkpoint = new ShardedCheckpoint(files[0]);
        try
        {
            foreach (var file in files)
            {
                checkpoint.AddAll(checkpoint.OpenShard(file), isIndexed: false);
            }

            return checkpoint;
        }
        catch
        {
            checkpoint.Dispose();
            throw;
        }
    }

    /// <summary>Whether an index names a file; one that cannot be read names none.</summary>
    internal static bool Names(string indexPath, string file)
    {
        try
        {
            using var index = ReadIndex(indexPath);
            return index.RootElement.TryGetProperty(WeightMap, out var map)
                && map.EnumerateObject().Any(item => item.Value.ValueEquals(file));
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException or CheckpointException)
        {
            return false;
        }
    }

    /// <summary>Ends every view of the files.</summary>
    public void Dispose()
    {
        foreach (var shard in _shards.Values)
        {
            shard.Dispose();
        }
    }

    private static JsonDocument ReadIndex(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
            return stream.Length <= SafetensorsHeader.MaxLength
                ? JsonDocument.Parse(stream, new JsonDocumentOptions { AllowDuplicateProperties = false, MaxDepth = 8 })
                : throw new CheckpointException(
                    path,
                    $"an index of {stream.Length} bytes is longer than the {SafetensorsHeader.MaxLength} allowed."
                );
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException(path, $"the file cannot be opened: {e.Message}", e);
        }
    }

    private void Load(JsonElement index)
    {
        if (!index.TryGetProperty(WeightMap, out var map))
        {
            throw new CheckpointException(Path, "it has no weight_map: it is not the index of a checkpoint.");
        }

        foreach (var item in map.EnumerateObject())
        {
            var shard = Shard(item.Value.GetString());
            if (shard.Unsupported.TryGetValue(item.Name, out var dtype))
            {
                _unsupported.Add(item.Name, dtype);
            }
            else
            {
                _tensors.Add(item.Name, shard.Get(item.Name));
            }
        }

        if (index.TryGetProperty("metadata", out var metadata))
        {
            foreach (var item in metadata.EnumerateObject())
            {
                _metadata.Add(item.Name, item.Value.ToString());
            }
        }

        foreach (var shard in _shards.Values)
        {
            AddAll(shard, isIndexed: true);
        }
    }

    /// <summary>Adds the notes and tensors of a shard; where an index says which file has a tensor, that file's stays.</summary>
    private void AddAll(ICheckpoint shard, bool isIndexed)
    {
        foreach (var (name, tensor) in shard.Tensors)
        {
            Require(name, (!_unsupported.ContainsKey(name) && _tensors.TryAdd(name, tensor)) || isIndexed);
        }

        foreach (var (name, dtype) in shard.Unsupported)
        {
            Require(name, (!_tensors.ContainsKey(name) && _unsupported.TryAdd(name, dtype)) || isIndexed);
        }

        foreach (var (key, value) in shard.Metadata)
        {
            if (!_metadata.TryAdd(key, value) && key == QuantizationNotes)
            {
                _metadata[key] = Joined(shard.Path, _metadata[key], value);
            }
        }

        void Require(string name, bool isNew)
        {
            if (!isNew)
            {
                throw new CheckpointException(
                    shard.Path,
                    name,
                    $"another shard next to it has a tensor of that name; the shards are not those of one checkpoint."
                );
            }
        }
    }

    /// <summary>Two texts of JSON with all that either says.</summary>
    private static string Joined(string path, string first, string second)
    {
        if (first == second)
        {
            return first;
        }

        try
        {
            var (all, more) = (JsonNode.Parse(first), JsonNode.Parse(second));
            Join(path, all as JsonObject, more as JsonObject);
            return all!.ToJsonString();
        }
        catch (Exception e) when (e is JsonException or ArgumentException)
        {
            throw new CheckpointException(path, $"its note {QuantizationNotes} is not JSON: {e.Message}", e);
        }
    }

    private static void Join(string path, JsonObject? all, JsonObject? more)
    {
        foreach (var (name, value) in more ?? [])
        {
            if (all?.ContainsKey(name) == false)
            {
                all.Add(name, value?.DeepClone());
            }
            else if (all?[name] is JsonObject inner && value is JsonObject)
            {
                Join(path, inner, value.AsObject());
            }
            else if (!JsonNode.DeepEquals(all?[name], value))
            {
                throw new CheckpointException(
                    path,
                    $"its note {QuantizationNotes} says another thing of {CheckpointException.Quote(name)} than the shards before it: they "
                        + "are not those of one checkpoint."
                );
            }
        }
    }

    private ICheckpoint OpenShard(string path)
    {
        var shard = Checkpoint.OpenFile(path);
        _shards.Add(path, shard);
        return shard;
    }

    private ICheckpoint Shard(string? name)
    {
        // A plain name: an index from elsewhere must not reach out of its folder.
        if (
            string.IsNullOrEmpty(name)
            || name != System.IO.Path.GetFileName(name)
            || name.Contains('\\', StringComparison.Ordinal)
            || name.Contains('\0', StringComparison.Ordinal)
        )
        {
            throw new CheckpointException(
                Path,
                $"its weight_map names {CheckpointException.Quote(name ?? "null")}, which is not a file next to the index."
            );
        }

        var path = System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name);
        try
        {
            return _shards.TryGetValue(path, out var shard) ? shard : OpenShard(path);
        }
        catch (CheckpointException e) when (!File.Exists(path))
        {
            throw new CheckpointException(
                Path,
                "a file that it names is missing: download all of them to its folder, or remove this index if it is of another "
                    + $"checkpoint. {e.Message}",
                e
            );
        }
    }
}
