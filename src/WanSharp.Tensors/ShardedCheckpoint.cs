using System.Text.Json;

namespace WanSharp.Tensors;

/// <summary>A checkpoint of several safetensors files beside an index that says which tensor is in which.</summary>
public sealed class ShardedCheckpoint : ICheckpoint
{
    private readonly Dictionary<string, SafetensorsFile> _shards = [];
    private readonly Dictionary<string, Tensor> _tensors = [];
    private readonly Dictionary<string, string> _unsupported = [];
    private readonly Dictionary<string, string> _metadata = [];

    private ShardedCheckpoint(string path) => Path = path;

    /// <inheritdoc/>
    public string Path { get; }

    /// <inheritdoc/>
    public IReadOnlyList<string> Files => [Path, .. _shards.Values.Select(shard => shard.Path).Order(StringComparer.Ordinal)];

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, Tensor> Tensors => _tensors;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Unsupported => _unsupported;

    /// <inheritdoc/>
    public IReadOnlyDictionary<string, string> Metadata => _metadata;

    /// <summary>Opens an index (<c>*.safetensors.index.json</c>) and every file that it names.</summary>
    /// <exception cref="CheckpointException">The index or a file of it cannot be read, or one lacks a tensor that the index puts there.</exception>
    public static ShardedCheckpoint Open(string indexPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(indexPath);
        var checkpoint = new ShardedCheckpoint(indexPath);
        try
        {
            using var index = ReadIndex(indexPath);
            checkpoint.Load(index.RootElement);
            return checkpoint;
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            checkpoint.Dispose();
            throw new CheckpointException(indexPath, "it is not a valid index: a JSON object whose weight_map gives each tensor's file.", e);
        }
        catch
        {
            checkpoint.Dispose();
            throw;
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
                : throw new CheckpointException(path, $"an index of {stream.Length} bytes is longer than the {SafetensorsHeader.MaxLength} allowed.");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException or NotSupportedException)
        {
            throw new CheckpointException(path, $"the file cannot be opened: {e.Message}", e);
        }
    }

    private void Load(JsonElement index)
    {
        if (!index.TryGetProperty("weight_map", out var map))
        {
            throw new CheckpointException(Path, "it has no weight_map: no index of a checkpoint.");
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
    }

    private SafetensorsFile Shard(string? name)
    {
        // A plain name: an index from elsewhere must not reach out of its folder.
        if (string.IsNullOrEmpty(name) || name != System.IO.Path.GetFileName(name) || name.Contains('\\', StringComparison.Ordinal) || name.Contains('\0', StringComparison.Ordinal))
        {
            throw new CheckpointException(Path, $"its weight_map names {CheckpointException.Quote(name ?? "null")}, which is no file beside the index.");
        }

        if (!_shards.TryGetValue(name, out var shard))
        {
            shard = SafetensorsFile.Open(System.IO.Path.Combine(System.IO.Path.GetDirectoryName(Path) ?? "", name));
            _shards.Add(name, shard);
        }

        return shard;
    }
}
