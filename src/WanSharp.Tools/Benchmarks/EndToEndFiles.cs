using System.Globalization;
using System.Text;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Models;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Tools.Benchmarks;

/// <summary>The files of a model of random weights, whole: as the engine opens those of a published one.</summary>
/// <param name="Transformer">F32.</param>
/// <param name="Parts">Text encoder in BF16, VAE in F32, tokenizer.</param>
/// <param name="Decoder">A tiny autoencoder for the VAE's latents, F16.</param>
/// <param name="TextParameters">Numbers of the text encoder.</param>
internal sealed record EndToEndFiles(string Transformer, NamedParts Parts, string Decoder, long TextParameters)
{
    private const string Description = "config.json";

    /// <summary>Writes what is not there yet.</summary>
    /// <param name="options">The shape.</param>
    /// <param name="cacheFolder">Where random weights are kept from run to run.</param>
    /// <param name="tokenizer">A tokenizer, whose vocabulary is filled up to the text encoder's.</param>
    /// <param name="progress">Receives what is written.</param>
    /// <param name="cancellationToken">Stops the writing.</param>
    /// <exception cref="BenchmarkException">The disk has no room.</exception>
    public static EndToEndFiles Find(
        EndToEndOptions options,
        string cacheFolder,
        string tokenizer,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var shape = NamedShape.Find(options.Shape, options.Layers);
        var folder = Path.Combine(cacheFolder, "bench");
        var checkpoints = new RandomCheckpoints(folder);
        var network = new BenchmarkOptions
        {
            Subject = BenchmarkSubject.Dit,
            Shape = options.Shape,
            Layers = options.Layers,
            Width = options.Width,
            Height = options.Height,
            Frames = options.Frames,
            CacheFolder = cacheFolder,
        };
        using var dit = Workload.For(network);
        using var text = Workload.For(network with { Subject = BenchmarkSubject.Text });
        var transformer = Benchmark.FindWeights(dit, network, progress, cancellationToken);
        Describe(Path.GetDirectoryName(transformer)!, shape.Transformer);
        var encoder = Benchmark.FindWeights(
            text,
            network with
            {
                Subject = BenchmarkSubject.Text,
                Weights = DType.BF16,
            },
            progress,
            cancellationToken
        );
        var vae = checkpoints.Find(
            $"autoencoder-{options.Shape}",
            [.. new VaeGraphs(shape.Vae, new GraphOptions()).Weights],
            DType.F32,
            progress,
            cancellationToken
        );
        return new EndToEndFiles(
            transformer,
            new NamedParts
            {
                TextEncoder = encoder,
                Vae = vae,
                Tokenizer = Filled(folder, tokenizer, shape.TextEncoder.Vocabulary),
            },
            Tiny(checkpoints, folder, shape.Vae, progress, cancellationToken),
            text.Weights.DistinctBy(slot => slot.Name).Sum(slot => slot.Shape.ElementCount)
        );
    }

    /// <summary>What the tensors leave open: Shapes has narrower heads and shorter texts.</summary>
    private static void Describe(string folder, TransformerConfig config)
    {
        var type = config.ModelType == ModelType.TextImageToVideo ? "ti2v" : "t2v";
        AtomicFile.Write(
            Path.Combine(folder, Description),
            Encoding.UTF8.GetBytes(
                string.Create(
                    CultureInfo.InvariantCulture,
                    $$"""{"_class_name":"WanModel","model_type":"{{type}}","num_heads":{{config.Heads}},"text_len":{{config.TextLength}}}"""
                )
            )
        );
    }

    /// <summary>A file whose name tells its latents, as the published ones' do.</summary>
    private static string Tiny(
        RandomCheckpoints checkpoints,
        string folder,
        VaeConfig vae,
        IProgress<string>? progress,
        CancellationToken cancellationToken
    )
    {
        var path = Path.Combine(folder, vae.Kind == VaeKind.Wan22 ? "taew2_2.safetensors" : "taew2_1.safetensors");
        if (!File.Exists(path))
        {
            List<WeightSlot> slots = [.. new VaeGraphs(DecoderBenchmark.Tiny(vae), new GraphOptions()).DecoderWeights];
            var drawn = checkpoints.Find($"taehv-{vae.LatentChannels}", slots, DType.F16, progress, cancellationToken);
            using var weights = Checkpoint.Open(drawn);
            SafetensorsWriter.Write(path, weights.Tensors, cancellationToken: cancellationToken);
        }

        return path;
    }

    /// <summary>A SentencePiece model with words that no prompt has, up to a vocabulary: lists of a protocol buffer may go on.</summary>
    private static string Filled(string folder, string tokenizer, int vocabulary)
    {
        var path = Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"vocabulary-{vocabulary}.model"));
        if (File.Exists(path))
        {
            return path;
        }

        const byte Piece = 0x0A; // field 1, a message
        const byte Text = 0x0A; // its field 1, a text
        const byte Score = 0x15; // its field 2, a float
        const float Unlikely = -1000;
        using var content = new MemoryStream();
        content.Write(PlainFile.ReadAllBytes(tokenizer));
        Span<byte> score = stackalloc byte[sizeof(float)];
        BitConverter.TryWriteBytes(score, Unlikely);
        for (var piece = SentencePieceTokenizer.Load(tokenizer).VocabularySize; piece < vocabulary; piece++)
        {
            var text = Encoding.ASCII.GetBytes(string.Create(CultureInfo.InvariantCulture, $"filler{piece}"));
            content.Write([Piece, (byte)(text.Length + score.Length + 3), Text, (byte)text.Length, .. text, Score, .. score]);
        }

        AtomicFile.Write(path, content.ToArray());
        return path;
    }
}
