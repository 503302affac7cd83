using System.Text;
using System.Text.Json.Nodes;
using WanSharp.Models.Text;

namespace WanSharp.Testing;

/// <summary>Writes the <c>tokenizer.json</c> of a <c>spiece.model</c>, as huggingface/transformers' SpmConverter does.</summary>
public static class TokenizerJsonFile
{
    public static JsonObject Of(string spieceModel)
    {
        var model = SentencePieceModel.Parse(File.ReadAllBytes(spieceModel));
        var pieces = model.Pieces.Select(piece => (Text: Encoding.UTF8.GetString(piece.Text), piece.Score, piece.Type)).ToList();
        var normalizers = new JsonArray();
        if (model.CharacterMap.Length > 0)
        {
            normalizers.Add(
                new JsonObject { ["type"] = "Precompiled", ["precompiled_charsmap"] = Convert.ToBase64String(model.CharacterMap) }
            );
        }

        if (model.RemoveExtraWhitespaces)
        {
            normalizers.Add(
                new JsonObject
                {
                    ["type"] = "Strip",
                    ["strip_left"] = false,
                    ["strip_right"] = true,
                }
            );
            normalizers.Add(
                new JsonObject
                {
                    ["type"] = "Replace",
                    ["pattern"] = new JsonObject { ["Regex"] = " {2,}" },
                    ["content"] = "▁",
                }
            );
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([
                .. pieces
                    .Index()
                    .Where(pair => pair.Item.Type is PieceType.Control or PieceType.Unknown or PieceType.UserDefined)
                    .Select(pair => new JsonObject
                    {
                        ["id"] = pair.Index,
                        ["content"] = pair.Item.Text,
                        ["single_word"] = false,
                        ["lstrip"] = false,
                        ["rstrip"] = false,
                        ["normalized"] = false,
                        ["special"] = pair.Item.Type != PieceType.UserDefined,
                    }),
            ]),
            ["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = normalizers },
            ["pre_tokenizer"] = model.EscapeWhitespaces
                ? new JsonObject
                {
                    ["type"] = "Metaspace",
                    ["replacement"] = "▁",
                    ["add_prefix_space"] = model.AddDummyPrefix,
                    ["prepend_scheme"] = model.AddDummyPrefix ? "always" : "never",
                }
                : null,
            ["post_processor"] = new JsonObject { ["type"] = "TemplateProcessing", ["single"] = new JsonArray() },
            ["model"] = new JsonObject
            {
                ["type"] = "Unigram",
                ["unk_id"] = pieces.FindIndex(piece => piece.Type == PieceType.Unknown),
                ["vocab"] = new JsonArray([.. pieces.Select(piece => new JsonArray(piece.Text, (double)piece.Score))]),
                ["byte_fallback"] = model.ByteFallback,
            },
        };
    }
}
