using System.Text.Json.Nodes;
using WanSharp.Engine.Planning;
using WanSharp.Engine.Requests;
using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Models.Tests;

/// <summary>
/// Wan 2.2's pair of 14B experts in scaled fp8, 2 × 2.3 GB here: told and planned from headers. The files are holes, which take little
/// of the disk.
/// </summary>
public sealed class LargePairTests(LargePairTests.Files files) : IClassFixture<LargePairTests.Files>
{
    private static readonly TransformerConfig Expert = new()
    {
        Dim = 5120,
        FfnDim = 13824,
        Heads = 40,
        Layers = Layers,
    };

    // A tenth of the real ones': what is told and planned does not depend on it, and files of holes take their time, too.
    private const int Layers = 4;

    [Fact]
    public void In_AFolder_TellsBothExperts()
    {
        var experts = new ModelFinder().In(files.Path).Where(file => file.Transformer is not null).ToList();

        Assert.Equal(2, experts.Count);
        Assert.All(
            experts,
            file =>
            {
                Assert.Equal((null, Expert), (file.Problem, file.Transformer));
                Assert.Equal(["F8_E4M3", "F32"], file.DTypes);
                Assert.InRange(file.Length, 2_300_000_000, 2_400_000_000);
            }
        );
    }

    [Fact]
    public void Open_TheFolder_PlansAClipWithoutReadingTheWeights()
    {
        using var model = WanModel.Open(files.Path);

        var plan = GenerationPlanner.Sketch(new GenerationRequest { Prompt = "a red circle" }, model);

        Assert.Equal(("wan2.2-t2v-a14b", true), (model.Name, model.HasExperts));
        Assert.Equal(
            (1280, 720, 81, 40, 3f, 4f, 0.875),
            (
                plan.Settings.Width,
                plan.Settings.Height,
                plan.Settings.Frames,
                plan.Settings.Steps,
                plan.Settings.GuidanceScale,
                plan.Settings.HighNoiseGuidanceScale,
                plan.Settings.Boundary
            )
        );
        // with a shift of 12, sigma stays over the boundary for 26 of 40 steps
        Assert.Equal((75_600, 2, 26), (plan.Tokens, plan.Branches, plan.HighNoiseSteps));
        Assert.Equal(0, model.TransformerWeights.ConvertedBytes + model.TextEncoderWeights.ConvertedBytes);
    }

    /// <summary>The files, which both tests only read.</summary>
    public sealed class Files : IDisposable
    {
        // A hole of this length is a part that was not downloaded.
        private const int LongestHole = 1 << 18;

        // Factors of norms have none.
        private const int LongestVector = 1 << 16;

        private readonly TemporaryFolder _folder = new();

        public Files()
        {
            foreach (var expert in new[] { "high", "low" })
            {
                WriteHoles(
                    $"diffusion_models/wan2.2_t2v_{expert}_noise_14B_fp8_scaled.safetensors",
                    WanTransformer.Whole(Expert, new GraphOptions()).Weights
                );
            }

            WriteHoles(
                "text_encoders/umt5_xxl_fp8_e4m3fn_scaled.safetensors",
                Umt5Encoder.Whole(new Umt5Config { Vocabulary = 384 }, new GraphOptions()).Weights
            );
            WriteHoles(
                "vae/wan_2.1_vae.safetensors",
                [
                    .. WanVae.EncodeNext(VaeConfig.Wan21, new GraphOptions()).Weights,
                    .. WanVae.DecodeNext(VaeConfig.Wan21, new GraphOptions()).Weights,
                ]
            );
            File.Copy(TinyNetworks.SpieceModel, _folder["text_encoders/spiece.model"]);
        }

        public string Path => _folder.Path;

        public void Dispose() => _folder.Dispose();

        /// <summary>A checkpoint as ComfyUI's fp8_scaled: matrices of blocks in fp8 with a scale each, the rest in float32.</summary>
        private void WriteHoles(string name, IReadOnlyList<WeightSlot> slots)
        {
            var header = new JsonObject();
            long at = 0;
            List<(long Start, long Length)> tensors = [];
            foreach (var slot in slots.DistinctBy(slot => slot.Name))
            {
                var isMatrix =
                    slot.Shape.Rank == 2
                    && slot.Name.EndsWith(".weight", StringComparison.Ordinal)
                    && slot.Name.StartsWith("blocks.", StringComparison.Ordinal)
                    && !slot.Name.Contains("pos_embedding", StringComparison.Ordinal);
                Add(slot.Name, isMatrix ? DType.F8E4M3 : DType.F32, slot.Shape);
                if (isMatrix)
                {
                    Add(slot.Name.Replace(".weight", ".scale_weight", StringComparison.Ordinal), DType.F32, Shape.Scalar);
                }
            }

            var path = _folder[name];
            Directory.CreateDirectory(System.IO.Path.GetDirectoryName(path)!);
            var text = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
            using var file = File.Create(path);
            file.Write(BitConverter.GetBytes((long)text.Length));
            file.Write(text);
            foreach (var (start, length) in tensors)
            {
                var filled = new byte[length <= LongestVector ? length : sizeof(float)];
                filled.AsSpan().Fill(name.Contains("high", StringComparison.Ordinal) ? (byte)0x3C : (byte)0x3B); // around a hundredth
                for (long part = 0; part < length; part += LongestHole)
                {
                    RandomAccess.Write(file.SafeFileHandle, filled, file.Position + start + part);
                }
            }

            file.SetLength(file.Position + at);

            void Add(string tensor, DType dtype, Shape shape)
            {
                var length = shape.ElementCount * dtype.ByteSize();
                header[tensor] = new JsonObject
                {
                    ["dtype"] = dtype.Name(),
                    ["shape"] = new JsonArray([.. shape.Dims.ToArray().Select(dim => (JsonNode)dim)]),
                    ["data_offsets"] = new JsonArray(at, at + length),
                };
                tensors.Add((at, length));
                at += length;
            }
        }
    }
}
