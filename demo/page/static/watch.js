// When all has come that will come: where a part of the page did not, that is told, and the page can be loaded again.
// No module, and nothing that it imports: it comes alone.
function tellMissing() {
  const parts = [!document.getElementById("help").disabled, document.getElementById("tour-open"), document.getElementById("demo-date")];
  if (parts.every(Boolean)) return;
  const note = document.getElementById("unloaded");
  note.hidden = false;
  note.querySelector("button").onclick = () => location.reload();
}

if (document.readyState === "complete") tellMissing();
else addEventListener("load", tellMissing);
