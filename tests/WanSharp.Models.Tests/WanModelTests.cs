using WanSharp.Engine.Planning;
using WanSharp.Models.Detection;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>Model folders come from strangers: whatever is in one, the error names the file and what is wrong.</summary>
public sealed class WanModelTests(TinyEngine engine) : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Theory]
    [InlineData("\"version\": 1", "\"version\": 2", "version 2 is not")]
    [InlineData("wansharp.model", "other.model", "format \"other.model\"")]
    [InlineData("\"name\": \"tiny\",", "", "'name'")]
    [InlineData("\"name\": \"tiny\"", "\"name\": null", "name")]
    [InlineData("\"vae.safetensors\"", "\"../vae.safetensors\"", "not the name of a file next to it")]
    [InlineData("\"vae.safetensors\"", "\"/etc/passwd\"", "not the name of a file next to it")]
    [InlineData("\"vae.safetensors\"", "\"..\"", "not the name of a file next to it")]
    [InlineData("\"vae.safetensors\"", "\"a\\u0000b\"", "not the name of a file next to it")]
    [InlineData("\"vae.safetensors\"", "\"\"", "not the name of a file next to it")]
    [InlineData("\"file\": \"vae.safetensors\",", "", "not the name of a file next to it")]
    [InlineData("\"vae.safetensors\"", "\"missing.safetensors\"", "missing.safetensors")]
    [InlineData("\"spiece.model\"", "\"config.json\"", "not a SentencePiece model")]
    [InlineData("\"ti2v\"", "\"i2v\"", "but the VAE's latents have 4, an image's 8")]
    [InlineData("\"ti2v\"", "\"video\"", "none of t2v, ti2v, i2v, flf2v")]
    [InlineData("\"in_dim\": 4", "\"in_dim\": 8", "the VAE's latents have 4")]
    [InlineData("\"dim\": 24", "\"dim\": -24", "must be positive")]
    [InlineData("\"dim\": 24", "\"dim\": 99999999999", "dim")]
    [InlineData("\"text_dim\": 16", "\"text_dim\": 8", "the text encoder gives 16")]
    [InlineData("\"vocab\": ", "\"vocab\": 1, \"x\": ", "it belongs to another model")]
    [InlineData("[1, 2, 2]", "[1, 2]", "patch_size of three numbers")]
    [InlineData("[1, 2, 2]", "[2, 2, 2]", "not one latent frame deep")]
    [InlineData("[1, 2, 2]", "[1, 1073741824, 2]", "no even number of pixels")]
    [InlineData("\"num_res_blocks\": 1", "\"num_res_blocks\": 2000000000", "at most 16 residual blocks")]
    [InlineData("[1, 2, 4, 4]", "[1, 2, 4, 2000000000]", "channels")]
    [InlineData("[false, true, true]", "[true]", "temporal_downsample")]
    [InlineData("\"std\": [1, 2, 0.5, 1]", "\"std\": [1, 2, 0, 1]", "standard deviations positive")]
    [InlineData("\"width\": 32", "\"width\": 33", "its own default settings")]
    [InlineData("\"sampler\": \"unipc\"", "\"sampler\": \"magic\"", "its own default settings")]
    [InlineData("\"fps\": 8", "\"fps\": 0", "its own default settings")]
    public void Open_OfAHostileDescription_NamesWhatIsWrong(string part, string other, string expected)
    {
        Damage(json => json.Replace(part, other, StringComparison.Ordinal));

        AssertRefused(expected);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{")]
    [InlineData("null")]
    [InlineData("[]")]
    public void Open_OfWhatIsNoDescription_NamesTheFile(string text)
    {
        Damage(_ => text);

        AssertRefused("config.json: ");
    }

    [Fact]
    public void Open_OfAHugeDescription_DoesNotReadIt()
    {
        Damage(json => json + new string(' ', 2 << 20));

        AssertRefused("too many for a description");
    }

    [Fact]
    public void Read_OfAMutatedDescription_WorksOrIsRefused()
    {
        var mutations = Repetitions.Of("WAN_FUZZ", 250);
        engine.CopyModel(_folder["model"]);
        var config = Path.Combine(_folder["model"], "config.json");
        var valid = File.ReadAllBytes(config);
        using var checkpoint = Checkpoint.Open(Path.Combine(_folder["model"], "vae.safetensors"));
        var random = new Random(4);
        var refused = 0;
        for (var i = 0; i < mutations; i++)
        {
            var bytes = random.Next(8) == 0 ? valid[..random.Next(valid.Length)] : valid.ToArray();
            for (var flips = random.Next(1, 5); flips > 0 && bytes.Length > 0; flips--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? valid[random.Next(valid.Length)] : (byte)random.Next(256);
            }

            File.WriteAllBytes(config, bytes);
            refused += IsRefused(() => NetworkFit.Require(ModelDescription.Read(_folder["model"]).InFolder(_folder["model"]))) ? 1 : 0;
            IsRefused(() => ModelHints.For(checkpoint));
            IsRefused(() => ModelDescription.IsIn(_folder["model"]));
        }

        Assert.InRange(refused, mutations / 2, mutations - 1); // both ways are taken

        static bool IsRefused(Action read)
        {
            try
            {
                read();
                return false;
            }
            catch (CheckpointException)
            {
                return true;
            }
        }
    }

    [Fact]
    public void Open_OfATruncatedCheckpoint_NamesIt()
    {
        engine.CopyModel(_folder["model"]);
        var weights = Path.Combine(_folder["model"], "transformer.safetensors");
        File.WriteAllBytes(weights, File.ReadAllBytes(weights)[..^10]);

        AssertRefused("transformer.safetensors: ");
    }

    [Fact]
    public void Open_ThatFailsLate_LeavesNoFileOpen()
    {
        // opened after the transformer
        Damage(json => json.Replace("\"vae.safetensors\"", "\"missing.safetensors\"", StringComparison.Ordinal));
        AssertRefused("missing.safetensors");

        // Windows does not delete an open file; on Linux the maps of this process tell.
        if (OperatingSystem.IsLinux())
        {
            Assert.DoesNotContain(_folder["model"], File.ReadAllText("/proc/self/maps"), StringComparison.Ordinal);
        }
    }

    [Fact]
    public void Digest_ChangesWithAnyFile()
    {
        Damage(json => json + "\n");
        using var model = WanModel.Open(_folder["model"]);

        Assert.Matches("^[0-9a-f]{64}$", model.Digest);
        Assert.NotEqual(engine.Model.Digest, model.Digest);
    }

    [Fact]
    public void Digest_OfLargeFiles_IsNotedAndReadOnce()
    {
        engine.CopyModel(_folder["model"]);
        using (var model = WanModel.Open(_folder["model"], _folder["cache"]))
        {
            Assert.Equal(engine.Model.Digest, model.Digest); // whatever the folder, and small files need no note
            Assert.False(Directory.Exists(_folder["cache/digests"]));
        }

        var bytes = File.ReadAllBytes(_folder["model/transformer.safetensors"]);
        var grown = Grow(bytes);
        File.WriteAllBytes(_folder["model/transformer.safetensors"], grown);
        var first = Digest();
        var note = Assert.Single(Directory.GetFiles(_folder["cache/digests"]));
        Assert.Equal(Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(grown)), File.ReadAllText(note));

        File.WriteAllText(note, new string('0', 64)); // a note is believed
        Assert.NotEqual(first, Digest());
        File.WriteAllText(note, "damaged");
        Assert.Equal(first, Digest());
        File.WriteAllText(note, new string('0', 64));
        File.SetLastWriteTimeUtc(_folder["model/transformer.safetensors"], new DateTime(2026, 1, 2, 0, 0, 0, DateTimeKind.Utc));
        Assert.Equal(first, Digest()); // a file of another time is read

        string Digest()
        {
            var shares = new List<double>();
            using var model = WanModel.Open(_folder["model"], _folder["cache"]);
            var digest = model.ReadDigest(new Shares(shares), TestContext.Current.CancellationToken);
            Assert.Equal(1, shares.Max(), 1e-9);
            return digest;
        }
    }

    public void Dispose() => _folder.Dispose();

    private void Damage(Func<string, string> edit)
    {
        engine.CopyModel(_folder["model"]);
        var config = Path.Combine(_folder["model"], "config.json");
        var before = File.ReadAllText(config);
        var after = edit(before);
        Assert.NotEqual(before, after);
        File.WriteAllText(config, after);
    }

    private void AssertRefused(string expected)
    {
        Exception error = Assert.ThrowsAny<Exception>(() =>
        {
            using var model = WanModel.Open(_folder["model"]);
            ModelCheck.RequireUsableDefaults(model);
        });

        Assert.True(error is CheckpointException or InvalidDataException, error.ToString());
        Assert.Contains(expected, error.Message, StringComparison.Ordinal);
        Assert.Contains(_folder["model"], error.Message, StringComparison.Ordinal);
    }

    /// <summary>The same checkpoint with a tensor that nothing needs, so that it is worth a note.</summary>
    private byte[] Grow(byte[] bytes)
    {
        File.WriteAllBytes(_folder["small.safetensors"], bytes);
        using var small = Checkpoint.Open(_folder["small.safetensors"]);
        using var more = Tensor.Zeros(DType.U8, [2 << 20]);
        SafetensorsWriter.Write(_folder["large.safetensors"], new Dictionary<string, Tensor>(small.Tensors) { ["optimizer.more"] = more });
        return File.ReadAllBytes(_folder["large.safetensors"]);
    }

    private sealed class Shares(List<double> shares) : IProgress<double>
    {
        public void Report(double value)
        {
            lock (shares)
            {
                shares.Add(value);
            }
        }
    }
}
