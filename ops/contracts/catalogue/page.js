"use strict";
const search = document.getElementById("search");
const count = document.getElementById("count");
const articles = [...document.querySelectorAll("article")];
const others = [...document.querySelectorAll("[data-of]")];
const groups = [...document.querySelectorAll(".family"), ...document.querySelectorAll("nav ul")];

function show() {
  const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
  const shown = new Set();
  document.body.classList.toggle("searching", words.length > 0);
  for (const one of articles) {
    const found = words.every((word) => one.dataset.text.includes(word));
    one.hidden = !found;
    if (found) shown.add(one.id);
  }
  for (const one of others) one.hidden = !shown.has(one.dataset.of);
  for (const group of groups) {
    const empty = ![...group.querySelectorAll("article, li")].some((one) => !one.hidden && (one.dataset.of || one.dataset.text));
    group.hidden = empty;
    if (group.tagName === "UL") group.previousElementSibling.hidden = empty;
  }
  const matrix = document.querySelector(".matrix");
  matrix.hidden = ![...matrix.querySelectorAll("tbody tr")].some((row) => !row.hidden);
  document.getElementById("nothing").hidden = shown.size > 0;
  count.textContent = words.length ? `${shown.size} of ${articles.length}` : `${articles.length} contracts`;
}

search.addEventListener("input", show);
document.addEventListener("keydown", (event) => {
  const typing = event.target === search;
  if (event.key === "/" && !typing) {
    event.preventDefault();
    search.focus();
    search.select();
  } else if (event.key === "Escape" && typing) {
    search.value = "";
    show();
  }
});
document.addEventListener("click", (event) => {
  if (!event.target.matches(".chip")) return;
  search.value = event.target.textContent;
  show();
  scrollTo({ top: 0 });
});
window.addEventListener("hashchange", () => {
  const wanted = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (wanted && wanted.hidden) {
    search.value = "";
    show();
    wanted.scrollIntoView();
  }
});
show();
