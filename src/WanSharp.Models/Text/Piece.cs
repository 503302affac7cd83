namespace WanSharp.Models.Text;

/// <summary>One entry of a tokenizer's vocabulary.</summary>
/// <param name="Text">UTF-8.</param>
/// <param name="Score">The logarithm of its probability.</param>
/// <param name="Type">Its role.</param>
internal readonly record struct Piece(byte[] Text, float Score, PieceType Type);
