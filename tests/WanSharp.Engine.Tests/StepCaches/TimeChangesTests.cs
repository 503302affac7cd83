using WanSharp.Engine.StepCaches;
using WanSharp.Runtime;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;
using WanSharp.Testing;

namespace WanSharp.Engine.Tests.StepCaches;

public sealed class TimeChangesTests(TinyEngine engine)
{
    /// <summary>Sums in binary32 in another order, as shares of differences that are smaller than what is summed.</summary>
    private const double Tolerance = 1e-4;

    [Theory]
    [InlineData("e", false)]
    [InlineData("e0", true)]
    public async Task Of_TheNetwork_AreThoseOfWhatItComputes(string signal, bool isProjected)
    {
        float[] timesteps = [999, 871, 500, 12];
        var signals = new List<float[]>();
        var config = engine.Model.Transformer;
        using var graphs = new GraphCache(engine.Runtime);
        using var transformer = await TransformerRunner.CreateAsync(
            graphs,
            config,
            engine.Model.TransformerWeights,
            new SessionSettings(),
            observe: (name, value) =>
            {
                if (name == signal)
                {
                    signals.Add(value.Read<float>().ToArray());
                }
            },
            cancellationToken: TestContext.Current.CancellationToken
        );
        using var latents = Tensor.Zeros(DType.F32, [1, config.InChannels, 1, config.PatchSize.Height, config.PatchSize.Width]);
        using var velocity = Tensor.Zeros(DType.F32, [1, config.OutChannels, 1, config.PatchSize.Height, config.PatchSize.Width]);
        using var context = Tensor.Zeros(DType.F32, [1, config.TextLength, config.TextDim]);
        foreach (var timestep in timesteps)
        {
            transformer.Forward(latents, [timestep], context, velocity);
        }

        var changes = TimeChanges.Of(engine.Model.TransformerWeights, config, timesteps, isProjected);

        Assert.Equal(timesteps.Length, signals.Count);
        Assert.Equal(0, changes[0]);
        for (var step = 1; step < timesteps.Length; step++)
        {
            var distance = signals[step].Zip(signals[step - 1], (now, before) => Math.Abs((double)now - before)).Sum();
            var expected = distance / signals[step - 1].Sum(value => Math.Abs((double)value));
            Assert.Equal(expected, changes[step], Tolerance * expected);
            Assert.True(expected > 0);
        }
    }
}
