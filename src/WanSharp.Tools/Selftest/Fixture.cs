using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using WanSharp.Media.Images;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>
/// A folder with inputs and outputs of the original implementation: <c>config.json</c> says what made them,
/// <c>io.safetensors</c> holds them, other files the weights.
/// </summary>
internal sealed class Fixture : IDisposable
{
    private readonly JsonDocument _config;
    private readonly ICheckpoint? _io;
    private readonly List<ICheckpoint> _weights = [];

    private Fixture(string folder, JsonDocument config, ICheckpoint? io)
    {
        Folder = folder;
        _config = config;
        _io = io;
    }

    public string Folder { get; }

    public string ConfigPath => Path.Combine(Folder, "config.json");

    public string Name => Path.GetFileName(Path.TrimEndingDirectorySeparator(Folder));

    /// <summary>What made the fixture, such as "dit-t2v"; folders may be named otherwise.</summary>
    public string Kind => Config.TryGetProperty("fixture", out var kind) ? kind.GetString() ?? Name : Name;

    public JsonElement Config => _config.RootElement;

    /// <summary>The names of the cases; a fixture without any is one case without a name.</summary>
    public IReadOnlyList<string> Cases =>
        Config.TryGetProperty("cases", out var cases) ? [.. cases.EnumerateArray().Select(name => name.GetString()!)] : [];

    public static Fixture Open(string folder)
    {
        var configPath = Path.Combine(folder, "config.json");
        try
        {
            var config = JsonDocument.Parse(PlainFile.ReadAllBytes(configPath));
            var io = Path.Combine(folder, "io.safetensors");
            return new Fixture(folder, config, File.Exists(io) ? SafetensorsFile.Open(io) : null);
        }
        catch (JsonException e)
        {
            throw new CheckpointException(configPath, e.Message, e);
        }
    }

    /// <summary>Reads a part of <c>config.json</c>, such as the dimensions of the network.</summary>
    public T Section<T>(JsonElement element, JsonTypeInfo<T> type)
    {
        try
        {
            return element.Deserialize(type) ?? throw new CheckpointException(ConfigPath, "a section is null.");
        }
        catch (JsonException e)
        {
            throw new CheckpointException(ConfigPath, e.Message, e);
        }
    }

    /// <summary>A tensor of the fixture.</summary>
    /// <exception cref="CheckpointException">There is none of that name.</exception>
    public Tensor this[string name] =>
        Find(name) ?? throw new CheckpointException(Path.Combine(Folder, "io.safetensors"), name, "the fixture does not have it.");

    /// <summary>A tensor of the fixture, or null.</summary>
    public Tensor? Find(string name) => _io?.Tensors.GetValueOrDefault(name);

    /// <summary>The tensors <c>prefix.0</c>, <c>prefix.1</c>, … as far as they go.</summary>
    public IReadOnlyList<Tensor> List(string prefix) =>
        [
            .. Enumerable
                .Range(0, int.MaxValue)
                .Select(i => Find($"{prefix}.{i}"))
                .TakeWhile(tensor => tensor is not null)
                .Select(tensor => tensor!),
        ];

    /// <summary>A picture of the fixture, <c>[height, width, 3]</c> there.</summary>
    public RgbImage Image(string name)
    {
        var tensor = this[name];
        return new RgbImage((int)tensor.Shape[1], (int)tensor.Shape[0], tensor.Read<byte>().ToArray());
    }

    /// <summary>A file of weights, closed with the fixture.</summary>
    public ICheckpoint Weights(string file)
    {
        var weights = SafetensorsFile.Open(Path.Combine(Folder, file));
        _weights.Add(weights);
        return weights;
    }

    public void Dispose()
    {
        _config.Dispose();
        _io?.Dispose();
        _weights.ForEach(weights => weights.Dispose());
    }
}
