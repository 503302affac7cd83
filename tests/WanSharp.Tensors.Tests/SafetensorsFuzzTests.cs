using System.Text;
using WanSharp.Testing;

namespace WanSharp.Tensors.Tests;

/// <summary>Damaged files are either opened, and then every byte of every tensor can be read, or refused.</summary>
public sealed class SafetensorsFuzzTests : IDisposable
{
    private const int FilesPerMutation = 1500;

    // A refusal with its stack trace takes about 10 KB; a claimed length must never be allocated.
    private const long MostAllocated = 64 << 10;

    private const string JsonAlphabet = "{}[]\":,0123456789-.eE+ \\uadtrufls_\u0000é";

    private static readonly string[] JsonAtoms =
    [
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"dtype\"",
        "\"shape\"",
        "\"data_offsets\"",
        "\"__metadata__\"",
        "\"F32\"",
        "\"U8\"",
        "\"F4\"",
        "0",
        "4",
        "-1",
        "1e9",
        "9223372036854775807",
        "18446744073709551616",
        "true",
        "null",
        " ",
        "\"\\ud800\"",
        "\"\\",
        "\"a\":{\"dtype\":\"U8\",\"shape\":[1],\"data_offsets\":[0,1]}",
    ];

    private readonly TemporaryFolder _folder = new();
    private readonly byte[] _valid;

    public SafetensorsFuzzTests()
    {
        var path = _folder["valid"];
        using var a = Tensor.CopyOf<float>([2, 3], [1, 2, 3, 4, 5, 6]);
        using var b = Tensor.CopyOf<byte>([5], [1, 2, 3, 4, 5]);
        using var c = Tensor.Zeros(DType.BF16, [0, 4]);
        SafetensorsWriter.Write(
            path,
            new Dictionary<string, Tensor>
            {
                ["blocks.0.a"] = a,
                ["b"] = b,
                ["c"] = c,
            },
            new Dictionary<string, string> { ["format"] = "pt" }
        );
        _valid = File.ReadAllBytes(path);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Open_FlippedBytes_OpensOrRefuses() =>
        Fuzz(
            1,
            random =>
            {
                var bytes = _valid.ToArray();
                for (var flips = random.Next(1, 9); flips > 0; flips--)
                {
                    bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
                }

                return bytes;
            }
        );

    [Fact]
    public void Open_TruncatedOrExtended_OpensOrRefuses() =>
        Fuzz(2, random => random.Next(4) == 0 ? [.. _valid, .. new byte[random.Next(1, 100)]] : _valid[..random.Next(_valid.Length)]);

    [Fact]
    public void Open_HeaderOverwrittenWithJsonSigns_OpensOrRefuses() =>
        Fuzz(
            3,
            random =>
            {
                var bytes = _valid.ToArray();
                for (var edits = random.Next(1, 6); edits > 0; edits--)
                {
                    bytes[8 + random.Next(HeaderLength)] = (byte)JsonAlphabet[random.Next(JsonAlphabet.Length)];
                }

                return bytes;
            }
        );

    [Fact]
    public void Open_HeaderWithPartsRemovedOrDoubled_OpensOrRefuses() =>
        Fuzz(
            4,
            random =>
            {
                var header = Encoding.UTF8.GetString(_valid, 8, HeaderLength);
                int start = random.Next(header.Length),
                    length = random.Next(1, Math.Min(60, header.Length - start + 1));
                return WithHeader(
                    random.Next(2) == 0
                        ? header.Remove(start, length)
                        : header.Insert(random.Next(header.Length), header.Substring(start, length))
                );
            }
        );

    [Fact]
    public void Open_OtherNumbers_OpensOrRefuses() =>
        Fuzz(
            5,
            random =>
            {
                var header = new StringBuilder();
                foreach (var sign in Encoding.UTF8.GetString(_valid, 8, HeaderLength))
                {
                    header.Append(char.IsAsciiDigit(sign) && random.Next(6) == 0 ? RandomNumber(random) : sign.ToString());
                }

                return WithHeader(header.ToString());
            }
        );

    [Fact]
    public void Open_OtherHeaderLengths_OpensOrRefuses() =>
        Fuzz(
            6,
            random =>
            {
                var length = random.Next(3) switch
                {
                    0 => random.NextInt64(),
                    1 => HeaderLength + random.Next(-20, 40),
                    _ => 1L << random.Next(64),
                };
                return [.. BitConverter.GetBytes(length), .. _valid[8..]];
            }
        );

    [Fact]
    public void Open_RandomJson_OpensOrRefuses() =>
        Fuzz(
            7,
            random =>
                WithHeader("{" + string.Concat(Enumerable.Range(0, random.Next(40)).Select(_ => JsonAtoms[random.Next(JsonAtoms.Length)])))
        );

    private int HeaderLength => (int)BitConverter.ToInt64(_valid);

    private static string RandomNumber(Random random) =>
        random.Next(4) switch
        {
            0 => (1L << random.Next(63)).ToString(),
            1 => $"-{random.Next(100)}",
            2 => "99999999999999999999999999",
            _ => random.Next(100).ToString(),
        };

    private byte[] WithHeader(string header)
    {
        var json = Encoding.UTF8.GetBytes(header);
        return [.. BitConverter.GetBytes((long)json.Length), .. json, .. _valid[(8 + HeaderLength)..]];
    }

    private void Fuzz(int seed, Func<Random, byte[]> mutate)
    {
        var random = new Random(seed);
        var path = _folder["fuzz"];
        var refused = 0;
        TryOpen(path); // The first call compiles the code, which allocates.
        for (var i = 0; i < FilesPerMutation; i++)
        {
            File.WriteAllBytes(path, mutate(random));
            var before = GC.GetAllocatedBytesForCurrentThread();
            refused += TryOpen(path) ? 0 : 1;
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MostAllocated);
        }

        // Most must be refused, or the mutations do not reach what they are meant to.
        Assert.InRange(refused, FilesPerMutation / 2, FilesPerMutation);
    }

    private static bool TryOpen(string path)
    {
        try
        {
            using var file = SafetensorsFile.Open(path);
            foreach (var tensor in file.Tensors.Values)
            {
                _ = tensor.ReadBytes(0, (int)tensor.ByteLength).ToArray();
            }

            return true;
        }
        catch (CheckpointException)
        {
            return false;
        }
    }
}
