using System.Text.Json;
using WanSharp.Models.Text;
using WanSharp.Tensors;

namespace WanSharp.Tools.Selftest;

/// <summary>Tokenizes strings as the original library did, and cleans them as the original pipelines do.</summary>
internal sealed class TokenizerCheck : IFixtureCheck
{
    public bool Handles(Fixture fixture) => fixture.Kind == "tokenizer";

    public Task<IReadOnlyList<Comparison>> RunAsync(Fixture fixture, SelftestContext context, CancellationToken cancellationToken) =>
        Task.FromResult<IReadOnlyList<Comparison>>([.. Compare(fixture, cancellationToken)]);

    private static IEnumerable<Comparison> Compare(Fixture fixture, CancellationToken cancellationToken)
    {
        var tokenizer = SentencePieceTokenizer.Load(Path.Combine(fixture.Folder, "spiece.model"));
        using var document = JsonDocument.Parse(PlainFile.ReadAllBytes(Path.Combine(fixture.Folder, "cases.json")));
        var cases =
            document.RootElement.ValueKind == JsonValueKind.Array ? document.RootElement : document.RootElement.GetProperty("cases");
        var index = 0;
        foreach (var item in cases.EnumerateArray())
        {
            cancellationToken.ThrowIfCancellationRequested();
            var text = item.GetProperty("text").GetString()!;
            yield return Ids($"case{index}.ids", tokenizer.Encode(text), item.GetProperty("ids"));
            if (item.TryGetProperty("clean_ids", out var cleanIds))
            {
                yield return Ids($"case{index}.clean_ids", tokenizer.Encode(PromptCleaner.Tidy(text)), cleanIds);
            }

            index++;
        }
    }

    private static Comparison Ids(string name, ReadOnlySpan<int> actual, JsonElement expected)
    {
        var wide = new long[actual.Length];
        for (var i = 0; i < wide.Length; i++)
        {
            wide[i] = actual[i];
        }

        return Comparison.Exact(name, wide, [.. expected.EnumerateArray().Select(id => id.GetInt64())]);
    }
}
