using WanSharp.Graphs.Networks;
using WanSharp.Runtime.Networks;
using WanSharp.Tensors;

namespace WanSharp.Runtime.Tests.Networks;

/// <summary>Tests on the small transformer of the official code's fixture.</summary>
public abstract class TransformerTests : OwningTests
{
    protected TransformerTests(RuntimeFixture fixture)
        : base(fixture)
    {
        Network = Own(NetworkFixture.Open("dit-t2v"));
        Config = Network.TransformerConfig();
    }

    private protected NetworkFixture Network { get; }

    protected TransformerConfig Config { get; }

    protected async Task<TransformerRunner> TransformerAsync(TransformerOptions options) =>
        Own(
            await TransformerRunner.CreateAsync(
                Graphs,
                Config,
                Network.Store,
                new SessionSettings(),
                options: options,
                cancellationToken: Token
            )
        );

    /// <summary>The same latents in every row.</summary>
    protected Tensor Latents(int batch)
    {
        float[] one = [.. Enumerable.Range(0, Config.InChannels * 3 * 4 * 6).Select(i => MathF.Sin(0.7f * i))];
        return Tensor.CopyOf<float>([batch, Config.InChannels, 3, 4, 6], [.. Enumerable.Repeat(one, batch).SelectMany(values => values)]);
    }

    /// <summary>Rows of a text, then zeros.</summary>
    protected Tensor Context(int words)
    {
        var context = Own(Tensor.Zeros(DType.F32, [1, Config.TextLength, Config.TextDim]));
        var values = context.Write<float>();
        for (var i = 0; i < words * Config.TextDim; i++)
        {
            values[i] = MathF.Cos((0.3f * i) + words);
        }

        return context;
    }
}
