using WanSharp.Graphs;
using WanSharp.Graphs.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Runtime.Tests.Networks;

[NoLiveObjects]
[Collection("native objects")]
public sealed class Umt5EncoderTests(RuntimeFixture fixture)
{
    private const float Tolerance = 1e-4f; // What the fixtures recommend: without scaled scores, noise grows faster here.

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Whole_OnEveryCase_MatchesTheOfficialCode(Lowering lowering)
    {
        using var network = NetworkFixture.Open("umt5");
        var options = new GraphOptions
        {
            Lowering = lowering,
            Weights = WeightStorage.Initializers,
            Probes = true,
        };
        var config = network.Umt5Config();
        using var encoder = new GraphSession(fixture.Runtime, Umt5Encoder.Whole(config, options), network.Weights);
        foreach (var run in network.Cases)
        {
            var values = encoder.Run(("ids", network.Values.Get($"{run}.in.ids")), ("mask", network.Values.Get($"{run}.in.mask")));

            Check(network, run, "out.full", values["text"]);
            foreach (var intermediate in (string[])["embed", "block0_norm1", "block0_attn", "block0_ffn", "block0"])
            {
                Check(network, run, $"mid.{intermediate}", values[intermediate]);
            }

            Check(network, run, "mid.block_last", values[$"block{config.Layers - 1}"]);
        }
    }

    [Theory]
    [InlineData(Lowering.Fused)]
    [InlineData(Lowering.Plain)]
    public void Block_OverAllLayers_MatchesTheOfficialCode(Lowering lowering)
    {
        using var network = NetworkFixture.Open("umt5");
        var options = new GraphOptions { Lowering = lowering };
        var config = network.Umt5Config();
        var block = Umt5Encoder.Block(config, options);
        foreach (var run in network.Cases)
        {
            var ids = network.Values.Get($"{run}.in.ids");
            using var buckets = Umt5Encoder.RelativePositions(config, (int)ids.Shape[1]);
            using var x = LookUp(network.Weights.Get("token_embedding.weight"), ids);
            var hidden = x;
            var layers = new List<GraphSession>();
            for (var i = 0; i < config.Layers; i++)
            {
                layers.Add(new GraphSession(fixture.Runtime, block, network.Weights, $"blocks.{i}."));
                hidden = layers[i].Run(("x", hidden), ("buckets", buckets), ("mask", network.Values.Get($"{run}.in.mask")))["x_out"];
            }

            using var norm = new GraphSession(fixture.Runtime, Umt5Encoder.Norm(config, options), network.Weights);
            Check(network, run, "out.full", norm.Run(("x", hidden))["text"]);
            layers.ForEach(layer => layer.Dispose());
        }
    }

    [Fact]
    public void RelativePositions_OfEveryLength_AreTheOfficialOnes()
    {
        using var network = NetworkFixture.Open("umt5");
        foreach (var run in network.Cases)
        {
            var expected = network.Values.Get($"{run}.mid.buckets");
            using var buckets = Umt5Encoder.RelativePositions(network.Umt5Config(), (int)expected.Shape[0]);

            Assert.Equal(expected.Read<long>(), buckets.Read<long>());
        }
    }

    private static void Check(NetworkFixture network, string run, string name, Tensor actual)
    {
        if (network.Values.Tensors.ContainsKey($"{run}.{name}"))
        {
            WanTransformerTests.AssertClose($"{run} {name}", network.Floats($"{run}.{name}"), actual.Read<float>(), Tolerance);
        }
    }

    private static Tensor LookUp(Tensor table, Tensor ids)
    {
        var dim = (int)table.Shape[1];
        var rows = Tensor.Zeros(DType.F32, [ids.Shape[0], ids.Shape[1], dim]);
        for (var i = 0; i < ids.Shape.ElementCount; i++)
        {
            table.Slice(ids.Read<long>()[i], 1).Read<float>().CopyTo(rows.Write<float>().Slice(i * dim, dim));
        }

        return rows;
    }
}
