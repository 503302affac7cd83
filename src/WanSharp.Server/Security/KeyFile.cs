using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using WanSharp.Storage;
using WanSharp.Tensors;

namespace WanSharp.Server.Security;

/// <summary>The keys of a server, in a file of its data folder. Thread-safe; sees what other processes write.</summary>
/// <param name="folder">The server's data folder.</param>
/// <param name="clock">The clock.</param>
public sealed class KeyFile(string folder, TimeProvider clock)
{
    private const string FileName = "keys.json";
    private const string Mark = "wan_";
    private const int KeyBytes = 32;

    private readonly string _path = Path.Combine(folder, FileName);
    private readonly Lock _gate = new();
    private (byte[] Content, IReadOnlyList<ApiKey> Keys)? _read;

    /// <summary>The keys; where there is none, none is asked for.</summary>
    /// <exception cref="InvalidDataException">The file is damaged: then nobody gets in, rather than everybody.</exception>
    public IReadOnlyList<ApiKey> All()
    {
        lock (_gate)
        {
            if (!File.Exists(_path))
            {
                _read = null;
                return [];
            }

            // Its content decides: times are those of a link, or of the file that was copied over it.
            var content = PlainFile.ReadAllBytes(_path);
            if (_read is not { } read || !content.AsSpan().SequenceEqual(read.Content))
            {
                _read = read = (content, Parse(content));
            }

            return read.Keys;
        }
    }

    /// <summary>Adds a key.</summary>
    /// <param name="name">Whose it is; no other has that name.</param>
    /// <param name="scope">What it may do.</param>
    /// <param name="requestsPerMinute">Requests a minute; null for any number.</param>
    /// <param name="limits">What it may have of the server; null for everything.</param>
    /// <returns>The key, which is kept nowhere.</returns>
    /// <exception cref="InvalidRequestException">The name is taken.</exception>
    public string Add(string name, KeyScope scope, int? requestsPerMinute, KeyLimits? limits = null)
    {
        var keys = All();
        if (keys.Any(key => key.Name == name))
        {
            throw new InvalidRequestException("name", $"There is a key '{name}' already: remove it first, or choose another name.");
        }

        var text = Mark + Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(KeyBytes));
        Write([
            .. keys,
            new ApiKey
            {
                Name = name,
                Sha256 = Digests.OfText(text),
                Scope = scope,
                RequestsPerMinute = requestsPerMinute,
                Limits = limits ?? new KeyLimits(),
                CreatedAt = clock.GetUtcNow(),
            },
        ]);
        return text;
    }

    /// <summary>Removes a key; a server that runs refuses it from its next request on.</summary>
    /// <returns>Whether it was there.</returns>
    public bool Remove(string name)
    {
        var keys = All();
        var left = keys.Where(key => key.Name != name).ToList();
        if (left.Count == keys.Count)
        {
            return false;
        }

        Write(left);
        return true;
    }

    /// <summary>The kept key that a text is; null if it is none.</summary>
    internal ApiKey? Find(string text)
    {
        var digest = Encoding.ASCII.GetBytes(Digests.OfText(text));
        ApiKey? found = null;
        foreach (var key in All())
        {
            // all of them, each in the same time
            found = CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(key.Sha256), digest) ? key : found;
        }

        return found;
    }

    private List<ApiKey> Parse(byte[] content)
    {
        try
        {
            return JsonSerializer.Deserialize(content, KeyJson.Default.ListApiKey) ?? throw new JsonException("It is null.");
        }
        catch (JsonException exception)
        {
            throw new InvalidDataException(
                $"{_path} is damaged: {exception.Message} Repair it, or delete it and make new keys.",
                exception
            );
        }
    }

    private void Write(List<ApiKey> keys)
    {
        Directory.CreateDirectory(folder);
        SecretFile.Write(_path, JsonSerializer.SerializeToUtf8Bytes(keys, KeyJson.Default.ListApiKey));
    }
}

/// <summary>The file of keys as JSON.</summary>
[JsonSourceGenerationOptions(
    PropertyNamingPolicy = JsonKnownNamingPolicy.SnakeCaseLower,
    RespectNullableAnnotations = true,
    UseStringEnumConverter = true,
    WriteIndented = true
)]
[JsonSerializable(typeof(List<ApiKey>))]
internal sealed partial class KeyJson : JsonSerializerContext;
